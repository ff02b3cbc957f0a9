import type { PgSession } from '../context';

/** The database's clock as ledger rows carry it: UTC, milliseconds. */
export const CLOCK = `to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

export async function serverClock(session: PgSession): Promise<string> {
  const [clock] = await session.query<{ at: string }>(`SELECT ${CLOCK} AS at`);
  return clock?.at ?? '';
}

/**
 * The database's clock from here on, without asking again: what it said, and what has passed since. Right to within the
 * round trip of the answer.
 */
export function runningClock(said: string): () => string {
  const from = performance.now();
  return () => new Date(Date.parse(said) + (performance.now() - from)).toISOString();
}
