import { CutoverError } from '../src/core/failure';
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
