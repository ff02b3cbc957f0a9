import { done } from '../../../src/core/evidence';
import type { PgContext, PgSession, PgStepHandler } from '../context';

/** The last act of a run that ended well. End row and release stand in one transaction. */
export const releaseStep: PgStepHandler<'release'> = {
  do: (context) => letGo(context, `released target ${context.run.home}: ${context.args.reason}`),
  undo: (context) => letGo(context, `released target ${context.run.home}`),
};

/** The token stays where it is: it only ever rises, so that nothing of this run can write again. */
export async function letGo(context: Pick<PgContext, 'run' | 'commit'>, summary: string) {
  return context.commit(async (tx: PgSession) => {
    await tx.execute(
      `UPDATE cutover.claim SET run_id = NULL, step = 'released', claimed_at = now() WHERE target = $1 AND run_id = $2`,
      [context.run.home, context.run.id],
    );
    return done(summary);
  });
}
