import { setTimeout as delay } from 'node:timers/promises';
import { CutoverError } from '../../../src/core/failure';
import type { RunRef } from '../../../src/core/verb';
import type { PgSession } from '../context';
import { applicationName } from '../lane/claim';

/** The connection of pg_dump. */
export function dumpName(run: RunRef): string {
  return applicationName(run, 'dump');
}

/** The connection that holds the snapshot and counts. */
export function snapshotName(run: RunRef): string {
  return applicationName(run, 'snapshot');
}

/** The connections of a drill, pg_restore's included. */
export function drillName(run: RunRef): string {
  return applicationName(run, 'drill');
}

/**
 * Ends what an earlier attempt of this run left at work on the server: a forgotten pg_dump holds back vacuum for as
 * long as it runs. Returns when they are gone.
 *
 * @throws Blocked when one does not go; the message names its pid.
 */
export async function endLeftovers(session: PgSession, run: RunRef): Promise<void> {
  const names = [dumpName(run), snapshotName(run), drillName(run)];
  const deadline = Date.now() + 15_000;
  for (;;) {
    const left = await session.query<{ pid: number }>(
      `SELECT pid, pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
        WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid() AND application_name = ANY ($1)`,
      [names],
    );
    if (left.length === 0) return;
    if (Date.now() > deadline) {
      throw new CutoverError(
        'Blocked',
        `Backend ${left.map((l) => l.pid).join(', ')} of an earlier attempt of this backup does not end; end it on the server, then try again.`,
      );
    }
    await delay(50);
  }
}
