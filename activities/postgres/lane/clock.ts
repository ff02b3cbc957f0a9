import type { PgSession } from '../context';

export { runningClock } from '../../lane/running-clock';

/** The database's clock as ledger rows carry it: UTC, milliseconds. */
export const CLOCK = `to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

export async function serverClock(session: PgSession): Promise<string> {
  const [clock] = await session.query<{ at: string }>(`SELECT ${CLOCK} AS at`);
  return clock?.at ?? '';
}
