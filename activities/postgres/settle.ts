import type { PgSession } from './context';
import { qualified } from './identifiers';

/**
 * Makes an autovacuum on the tables give way before the real lock is asked for. It gives way only to who has waited for
 * deadlock_timeout (1 s), and our lock_timeout is far below that, so that it would hold us up until it is done. This
 * lock may be waited for: the application's reads and writes do not conflict with it and do not queue behind it. It is
 * kept until the transaction ends, so that no other vacuum comes in between.
 */
export async function settle(tx: PgSession, tables: readonly string[]): Promise<void> {
  const names = [...new Set(tables)].sort().map(qualified).join(', ');
  await tx.execute(
    `SELECT set_config('cutover.lock_timeout', current_setting('lock_timeout'), true);
     SET LOCAL lock_timeout = '${PATIENCE_MS}';
     LOCK TABLE ${names} IN SHARE UPDATE EXCLUSIVE MODE;
     SELECT set_config('lock_timeout', current_setting('cutover.lock_timeout'), true)`,
  );
}

const PATIENCE_MS = 5_000;
