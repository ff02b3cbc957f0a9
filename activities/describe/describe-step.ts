import type { EngineName } from '../../src/core/plan';
import type { Step } from '../../src/core/step';
import { describe as onMongo } from '../mongodb/describe';
import { describe as onPostgres } from '../postgres/describe';
import type { StepDescription } from './step-description';

/** What a step of a plan would do on the kind of database that is the plan's home. Asks nobody. */
export function describeStep(engine: EngineName, step: Step): StepDescription {
  return ENGINES[engine](step);
}

const ENGINES: Readonly<Record<EngineName, (step: Step) => StepDescription>> = {
  postgres: onPostgres,
  mongodb: onMongo,
};
