import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { errorCode } from './error-code';

/** Wrong password, no such role, no such database: waiting will not help. Anything else may be a server still starting. */
const HOPELESS = /^(28|3D)/;

/**
 * Returns when a connection is accepted; asks every 50 ms.
 *
 * @throws the last answer when the deadline (ms since 1970) passes or the server is gone.
 */
export async function postgresReady(wanted: {
  readonly url: string;
  readonly deadline: number;
  readonly gone?: () => boolean;
}): Promise<void> {
  for (;;) {
    const client = new Client({
      connectionString: wanted.url,
      connectionTimeoutMillis: 2000,
      application_name: 'cutover-dev',
    });
    client.on('error', () => undefined); // a connection cut while starting is reported by connect() already
    try {
      await client.connect();
      return;
    } catch (error) {
      if (HOPELESS.test(errorCode(error)) || wanted.gone?.() === true || Date.now() > wanted.deadline) throw error;
    } finally {
      await client.end().catch(() => undefined);
    }
    await pause(50);
  }
}
