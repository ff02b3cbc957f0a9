import type { PgSession } from '../context';
import { pinTextForm } from '../digest';

/** One moment of the database that several connections see. */
export interface Snapshot {
  /** For `pg_dump --snapshot`. Lives as long as the transaction that exported it. */
  readonly id: string;
  readonly lsn: string;
  readonly takenAt: string;
}

/**
 * Reads in one snapshot that others can join. It holds back vacuum for as long as it lasts, and no idle timeout may end
 * it half-way: give it a session without any (`withLink`).
 */
export async function withSnapshot<T>(session: PgSession, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  await session.execute('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    await pinTextForm(session);
    // The dump beside it keeps one core busy already: the application has use for the others.
    await session.execute('SET LOCAL max_parallel_workers_per_gather = 0');
    const [row] = await session.query<Snapshot>(
      `SELECT pg_export_snapshot() AS id, pg_current_wal_lsn()::text AS lsn,
              to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "takenAt"`,
    );
    if (!row) throw new Error('The server exported no snapshot and gave no reason; look at its log, then try again.');
    return await work(row);
  } finally {
    await session.execute('ROLLBACK').catch(() => undefined); // nothing was written; a lost connection says so elsewhere
  }
}
