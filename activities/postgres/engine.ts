import type { Logger } from 'pino';
import { CutoverError } from '../../src/core/failure';
import type { StepKind } from '../../src/core/step';
import type { VerbInput } from '../../src/core/verb';
import type { Attempt, Engine } from '../engine';
import type { Pulse } from '../heartbeat';
import type { PostgresTarget, Resources } from '../resources';
import { PgAttempt } from './attempt';
import { failureTypeOf } from './errors';
import { createHandlers, type PgHandlers } from './handlers';

export function postgresEngine(resources: Resources): Engine {
  const handlers = createHandlers(resources);
  return {
    open: <K extends StepKind>(input: VerbInput<K>, pulse: Pulse, log: Logger): Promise<Attempt> => {
      const handler = handlers[input.step.kind] as PgHandlers[K];
      return PgAttempt.open({ input, pulse, log, target: homeTarget(resources, input.run.home), handler });
    },
    failureType: failureTypeOf,
  };
}

export function homeTarget(resources: Resources, name: string): PostgresTarget {
  const target = resources.target(name);
  if (target.kind === 'postgres') return target;
  throw new CutoverError(
    'Misconfigured',
    `Target "${name}" is the home of the plan but is of kind ${target.kind}; the home must be a database.`,
  );
}
