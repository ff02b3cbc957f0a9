import type { PgSession } from './context';
import type { Statement } from './statements/statement';

/**
 * Sends statements in one message: what runs under a lock must not wait for the network between them. They run in the
 * transaction that is open.
 */
export async function together(tx: PgSession, statements: readonly Statement[]): Promise<void> {
  await tx.execute(statements.map((s) => s.sql).join(';\n'));
}

/** Remembers, on the server's clock, when the lock stood. */
export const LOCKED_NOW = `SELECT set_config('cutover.locked_at', clock_timestamp()::text, true)`;

/** Milliseconds since `LOCKED_NOW`, null without one: for questions asked in the same message as the work. */
export const HELD_MS = `round(1000 * extract(epoch FROM clock_timestamp() - nullif(current_setting('cutover.locked_at', true), '')::timestamptz)::numeric, 1)::float8`;

/** Milliseconds since `LOCKED_NOW`; the COMMIT is still to come. */
export async function heldMs(tx: PgSession): Promise<number> {
  const [row] = await tx.query<{ ms: number | null }>(`SELECT ${HELD_MS} AS ms`);
  return row?.ms ?? Number.NaN;
}
