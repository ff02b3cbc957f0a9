import { done, evidenceOf, type Check } from '../../../src/core/evidence';
import { compare } from '../../expectation';
import { askAggregate, pipelineText } from '../ask-aggregate';
import type { MongoStepHandler } from '../context';

export { askAggregate } from '../ask-aggregate';

/** An aggregation of the plan against what it must answer. */
export const aggregateStep: MongoStepHandler<'aggregate'> = {
  do: async (context) => {
    const { args, signal } = context;
    const checks: Check[] = [];
    for (const actor of args.as) {
      const answer = await context.read((db) => askAggregate(db, { ...args, timeoutMs: TIMEOUT_MS, signal }), actor);
      checks.push(compare(`the plan's aggregation, as ${actor}`, args.expect, answer));
    }
    const verdict = checks.every((c) => c.verdict === 'pass') ? 'answers as expected' : 'answers otherwise';
    return context.commit(async () => evidenceOf(`${args.table}: ${pipelineText(args.pipeline)} ${verdict}`, checks));
  },
  undo: async (context) => context.commit(async () => done('Asking changed nothing')),
};

const TIMEOUT_MS = 10 * 60_000;
