import { FREEZE_TRIES } from '../src/core/activity-options';
import type { FailureType } from '../src/core/failure';
import type { StepKind } from '../src/core/step';
import type { VerbInput, VerbResult } from '../src/core/verb';
import { enforceAuthority } from './authority';
import type { Engine } from './engine';
import { refuseOtherEngine, type EngineOf } from './engines';
import { applicationFailure, failureTypeOf } from './failure';
import { startPulse } from './heartbeat';
import type { Resources } from './resources';

/**
 * The one wrapper around every verb of every step: authority, claim and token, the ledger's start row, the verb itself
 * with its heartbeat, the end row, and a failure in the words of the table. An attempt that finds its end row already
 * written returns what is stored there.
 */
export async function runVerb<K extends StepKind>(
  resources: Resources,
  engineOf: EngineOf,
  input: VerbInput<K>,
): Promise<VerbResult> {
  using pulse = startPulse();
  const engine = known(resources, engineOf, input.run.home);
  const log = resources.log.child({ run: input.run.id, step: input.step.id, verb: input.verb, attempt: pulse.attempt });
  try {
    refuseOtherEngine(resources, input.run.home, input.plan);
    await enforceAuthority(resources, input);
    await using attempt = await engine.open(input, pulse, log);
    if (attempt.stored) return attempt.stored;
    try {
      return await attempt.perform();
    } catch (error) {
      const failure = applicationFailure(resources, error, engine.failureType(error));
      await attempt.failed(engine.failureType(error), failure.message);
      throw error;
    }
  } catch (error) {
    if (pulse.signal.aborted) throw pulse.signal.reason;
    const type = engine.failureType(error);
    const failure = applicationFailure(resources, error, type, { last: isLast(input, pulse.attempt, type) });
    log.warn({ type: failure.type, reason: failure.message }, 'attempt failed');
    throw failure;
  }
}

/** The last try of a freeze that can say what became of it; of one that cannot, the attempts to come find it out. */
function isLast({ step, verb }: VerbInput, attempt: number, type: FailureType): boolean {
  const knows = type !== 'Unavailable' && type !== 'StaleToken';
  return step.kind === 'freeze' && verb === 'do' && attempt >= FREEZE_TRIES && knows;
}

function known(resources: Resources, engineOf: EngineOf, home: string): Engine {
  try {
    return engineOf(home);
  } catch (error) {
    throw applicationFailure(resources, error, failureTypeOf(error));
  }
}
