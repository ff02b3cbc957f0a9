import type { Config } from '../../runtime/config';
import { pollersOf } from '../../runtime/pollers';
import { ensureSearchAttributes } from '../../runtime/search-attributes';
import { requireServerVersion } from '../../runtime/server-version';
import type { TemporalClient } from '../../runtime/temporal';
import { asked, type Finding } from './finding';

export interface ServerFindings {
  readonly findings: readonly Finding[];
  readonly workers: readonly string[];
}

/** The Temporal server, which has answered already: its version, the namespace, what workers and runs need of it. */
export async function serverFindings({ connection }: TemporalClient, config: Config): Promise<ServerFindings> {
  const { address, namespace } = config.temporal;
  const { taskQueue } = config;
  const { workers } = await pollersOf({ connection, namespace, taskQueue, now: Date.now() });
  const names = workers.map((w) => w.identity);
  const none = `no worker polls queue ${taskQueue}; start one with \`cutover worker\``;
  return {
    workers: names,
    findings: [
      await asked('Temporal server', async () => `${address}, version ${await requireServerVersion(connection)}`),
      { name: 'namespace', verdict: 'ok', found: namespace },
      await asked('search attributes', async () => {
        await ensureSearchAttributes({ connection, address, namespace, register: false });
        return 'all of them are there';
      }),
      names.length > 0
        ? { name: 'worker', verdict: 'ok', found: `${names.join(', ')} on queue ${taskQueue}` }
        : { name: 'worker', verdict: 'warn', found: none },
    ],
  };
}
