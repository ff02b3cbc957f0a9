import { done } from '../../src/core/evidence';
import { CutoverError } from '../../src/core/failure';
import type { StepHandler } from '../context';

/** Writes down who did by hand what no step can do. The undo says that it stays: people undo their own work. */
export const manualStep: StepHandler<'manual'> = {
  do: async ({ tick, args, step }) => {
    if (!tick) throw new CutoverError('NotAllowed', `${step.id} was not ticked by anybody with the role ${args.role}.`);
    return done(`${tick.by} (${args.role}) says it is done: ${tick.proof}`, {
      by: tick.by,
      proof: tick.proof,
      at: tick.at,
    });
  },
  undo: async ({ args }) => done(`What people did by hand stays: ${args.what}`),
};
