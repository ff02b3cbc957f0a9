import type { StepArgs } from '../../../src/core/step';
import { oneSelect } from './query';
import type { StepStatements } from './statement';

/** The watch queries as the plan has them; each is also counted, digested and explained. */
export function compareStatements(args: StepArgs['compare']): StepStatements {
  return {
    forward: args.queries.map((q) => ({ sql: oneSelect(q.sql), lock: 'as the query reads; nothing can be written' })),
    back: [],
  };
}
