import { targetOf } from '../target-of';
import type { Logger } from 'pino';
import type { StepKind } from '../../src/core/step';
import { CutoverError } from '../../src/core/failure';
import type { VerbInput } from '../../src/core/verb';
import type { Attempt, Engine } from '../engine';
import type { Pulse } from '../heartbeat';
import type { Resources } from '../resources';
import { facts, readLedger, record } from './ask';
import { askMongo } from './ask-target';
import { MongoAttempt } from './attempt';
import { codeOf } from './duplicate-key';
import { failureTypeOf } from './errors';
import { createHandlers, type MongoHandlers } from './handlers';
import { getKnobs, setKnobs } from './knobs';
import { previewLive } from './preview-live';
import { releaseClaim } from './release-claim';
import { restore } from './restore/restore';
import { told, wordsOf } from './server-words';

export function mongoEngine(resources: Resources): Engine {
  const handlers = createHandlers(resources);
  return {
    open: <K extends StepKind>(input: VerbInput<K>, pulse: Pulse, log: Logger): Promise<Attempt> => {
      const handler = handlers[input.step.kind] as MongoHandlers[K];
      return MongoAttempt.open({ input, pulse, log, target: targetOf(resources, input.run.home, 'mongodb'), handler });
    },
    failureType: failureTypeOf,
    facts: (input) => heard(facts(resources, input)),
    record: (input) => heard(record(resources, input)),
    readLedger: (input) => heard(readLedger(resources, input)),
    releaseClaim: (input) => heard(releaseClaim(resources, input)),
    getKnobs: (input) => heard(getKnobs(resources, input)),
    setKnobs: (input) => heard(setKnobs(resources, input)),
    restore: (input, pulse) => heard(restore(resources, input, pulse)),
    previewLive: (input) => heard(previewLive(resources, input)),
    ask: (target, signal) => askMongo(resources, targetOf(resources, target, 'mongodb'), signal),
  };
}

/** What is asked beside the steps: the server's refusals in words that say what to do, without what it quotes. */
async function heard<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) !== UNAUTHORIZED) throw told(error);
    const hint = 'Which rights the tool and the application need stands in docs/mongodb.md, "Three users".';
    throw new CutoverError('Refused', `${wordsOf(error)}. ${hint}`, { cause: error });
  }
}

const UNAUTHORIZED = 13;
