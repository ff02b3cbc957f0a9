import type { PgSession } from './context';

/**
 * A transaction that the server itself keeps from writing, with time for a whole table: the answer is a snapshot, and
 * nothing of the application waits for it.
 */
export async function readOnly<T>(
  session: PgSession,
  options: { readonly timeoutMs: number },
  work: () => Promise<T>,
): Promise<T> {
  await session.execute('BEGIN TRANSACTION READ ONLY');
  try {
    await session.execute(`SET LOCAL statement_timeout = ${Math.round(options.timeoutMs)}`);
    return await work();
  } finally {
    await session.execute('ROLLBACK').catch(() => undefined);
  }
}

/** What a scan of one large table may take. */
export const SCAN_TIMEOUT_MS = 30 * 60_000;
