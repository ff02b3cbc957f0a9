import type { StepKind } from '../../src/core/step';
import type { MongoAttempt } from './attempt';
import type { MongoContext, MongoTx } from './context';
import { captureOnce, requireCapture } from './lane/capture';
import { checkToken } from './lane/claim';

/** A step's ways to read and write, over one attempt. */
export function contextOf<K extends StepKind>(attempt: MongoAttempt<K>): MongoContext<K> {
  const { input, pulse, log } = attempt.setup;
  const { main, session, token } = attempt;
  const { db, lane } = main;
  const tx: MongoTx = { db, lane, session };
  const check = async (): Promise<void> => {
    pulse.signal.throwIfAborted();
    await checkToken(lane, token);
  };
  return {
    run: input.run,
    step: input.step,
    args: input.step.args,
    verb: input.verb,
    round: input.round,
    attempt: pulse.attempt,
    ...(input.authority ? { authority: input.authority } : {}),
    ...(input.tick ? { tick: input.tick } : {}),
    log,
    signal: pulse.signal,
    progress: (progress) => pulse.progress(progress),
    capture: (name, take) => captureOnce(lane, { run: input.run.id, step: input.step.id, name }, take),
    captured: (reference) => requireCapture(lane, { ...reference, run: input.run.id }),
    commit: (work) => attempt.finish(() => work(tx)),
    transaction: (work) => attempt.transaction(() => work(tx)),
    outside: async (work) => {
      await check();
      const value = await work(db);
      await check();
      return value;
    },
    checkToken: check,
    read: async (work, as = 'owner') => work((await attempt.reader(as)).db),
    lane,
    serverMs: () => attempt.waitedMs(),
  };
}
