import type { RunRef } from '../../../src/core/verb';
import type { PgSession } from '../context';

/**
 * The run of the same plan that came to its end last before this one, or was restored last. One that was refused or
 * aborted has not: it would make people forget the rollback before it. Run ids are `<plan>.<8 hex>`.
 */
export async function newestRunBefore(session: PgSession, run: RunRef): Promise<string | undefined> {
  const [newest] = await session.query<{ run: string }>(
    `SELECT run_id AS run FROM cutover.ledger
      WHERE run_id <> $1 AND starts_with(run_id, $2 || '.')
        AND ((event = 'finished' AND body ->> 'outcome' IN ('done', 'rolled-back')) OR body ->> 'word' = 'restored')
      ORDER BY at DESC LIMIT 1`,
    [run.id, run.plan],
  );
  return newest?.run;
}
