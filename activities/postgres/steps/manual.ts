import { done } from '../../../src/core/evidence';
import { CutoverError } from '../../../src/core/failure';
import type { PgStepHandler } from '../context';

/** Writes down who did by hand what no step can do. The undo says that it stays: people undo their own work. */
export const manualStep: PgStepHandler<'manual'> = {
  do: async (context) => {
    const { tick, args } = context;
    if (!tick)
      throw new CutoverError('NotAllowed', `${context.step.id} was not ticked by anybody with the role ${args.role}.`);
    return context.commit(async () =>
      done(`${tick.by} (${args.role}) says it is done: ${tick.proof}`, { by: tick.by, proof: tick.proof, at: tick.at }),
    );
  },
  undo: async (context) => context.commit(async () => done(`What people did by hand stays: ${context.args.what}`)),
};
