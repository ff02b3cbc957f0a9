import { done, type Evidence } from '../../../src/core/evidence';
import type { MongoContext, MongoStepHandler } from '../context';
import { release } from '../lane/claim';

/** The last act of a run that ended well. End row and release stand in one transaction. */
export const releaseStep: MongoStepHandler<'release'> = {
  do: (context) => letGo(context, `released target ${context.run.home}: ${context.args.reason}`),
  undo: (context) => letGo(context, `released target ${context.run.home}`),
};

/** The token stays where it is: it only ever rises, so that nothing of this run can write again. */
export function letGo(context: Pick<MongoContext, 'run' | 'commit'>, summary: string): Promise<Evidence> {
  return context.commit(async ({ lane, session }) => {
    await release(lane, context.run, session);
    return done(summary);
  });
}
