import type { RunRef } from '../../../src/core/verb';
import type { PgSession } from '../context';

/** The run of the same plan that came last before this one. Run ids are `<plan>.<8 hex>`. */
export async function newestRunBefore(session: PgSession, run: RunRef): Promise<string | undefined> {
  const [newest] = await session.query<{ run: string }>(
    `SELECT run_id AS run FROM cutover.ledger
      WHERE seq = 1 AND run_id <> $1 AND starts_with(run_id, $2 || '.') ORDER BY at DESC LIMIT 1`,
    [run.id, run.plan],
  );
  return newest?.run;
}
