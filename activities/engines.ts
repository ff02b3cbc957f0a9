import { CutoverError } from '../src/core/failure';
import type { CompiledPlan } from '../src/core/plan';
import type { Engine } from './engine';
import { mongoEngine } from './mongodb/engine';
import { postgresEngine } from './postgres/engine';
import type { DatabaseTarget, Resources, Target } from './resources';

/** The engine of a target: the one place that knows which databases there are. */
export type EngineOf = (target: string) => Engine;

export function createEngines(resources: Resources): EngineOf {
  const engines: Readonly<Record<DatabaseTarget['kind'], Engine>> = {
    postgres: postgresEngine(resources),
    mongodb: mongoEngine(resources),
  };
  return (name) => engines[database(resources.target(name)).kind];
}

export function isDatabase(target: Target): target is DatabaseTarget {
  return target.kind === 'postgres' || target.kind === 'mongodb';
}

function database(target: Target): DatabaseTarget {
  if (isDatabase(target)) return target;
  throw new CutoverError(
    'Misconfigured',
    `Target "${target.name}" is the home of the plan but is of kind ${target.kind}; the home must be a database.`,
  );
}

/** The first verb carries the plan: steps of one engine do nothing good on another. Older plans name none and mean PostgreSQL. */
export function refuseOtherEngine(resources: Resources, home: string, plan: CompiledPlan | undefined): void {
  if (!plan) return;
  const target = resources.target(home);
  const { engine = 'postgres' } = plan as Partial<CompiledPlan>;
  if (target.kind === engine) return;
  throw new CutoverError(
    'Misconfigured',
    `The plan "${plan.name}" is of engine ${engine}, and target "${home}" of this worker is of kind ${target.kind}; correct one of the two.`,
  );
}
