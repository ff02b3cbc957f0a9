import { targetOf } from '../target-of';
import type { Logger } from 'pino';
import type { StepKind } from '../../src/core/step';
import type { VerbInput } from '../../src/core/verb';
import type { Attempt, Engine } from '../engine';
import type { Pulse } from '../heartbeat';
import type { Resources } from '../resources';
import { facts, readLedger, record } from './ask';
import { askMongo } from './ask-target';
import { MongoAttempt } from './attempt';
import { failureTypeOf } from './errors';
import { createHandlers, type MongoHandlers } from './handlers';
import { getKnobs, setKnobs } from './knobs';
import { previewLive } from './preview-live';
import { releaseClaim } from './release-claim';
import { restore } from './restore/restore';

export function mongoEngine(resources: Resources): Engine {
  const handlers = createHandlers(resources);
  return {
    open: <K extends StepKind>(input: VerbInput<K>, pulse: Pulse, log: Logger): Promise<Attempt> => {
      const handler = handlers[input.step.kind] as MongoHandlers[K];
      return MongoAttempt.open({ input, pulse, log, target: targetOf(resources, input.run.home, 'mongodb'), handler });
    },
    failureType: failureTypeOf,
    facts: (input) => facts(resources, input),
    record: (input) => record(resources, input),
    readLedger: (input) => readLedger(resources, input),
    releaseClaim: (input) => releaseClaim(resources, input),
    getKnobs: (input) => getKnobs(resources, input),
    setKnobs: (input) => setKnobs(resources, input),
    restore: (input, pulse) => restore(resources, input, pulse),
    previewLive: (input) => previewLive(resources, input),
    ask: (target, signal) => askMongo(resources, targetOf(resources, target, 'mongodb'), signal),
  };
}
