import type { StepKind } from '../src/core/step';
import type { VerbInput, VerbResult } from '../src/core/verb';
import type { Activities } from './activities';
import { readOnlyActivities } from './ask';
import { createEngines } from './engines';
import type { Resources } from './resources';
import { runVerb } from './verb';
import { verbActivities } from './verb-activities';

/** What a worker registers: one function per kind of step, and those that only ask. */
export function createActivities(resources: Resources): Activities {
  const engineOf = createEngines(resources);
  const verb = <K extends StepKind>(input: VerbInput<K>): Promise<VerbResult> => runVerb(resources, engineOf, input);
  return {
    ...verbActivities(verb),
    ...readOnlyActivities(resources, engineOf),
  };
}
