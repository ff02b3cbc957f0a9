import { isCancellation, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/activities';
import { timeoutsOf } from '../src/core/activity-options';
import { clip } from '../src/core/evidence';
import { gateState } from '../src/core/state';
import { stepState } from '../src/core/state';
import type { Step, Verb } from '../src/core/step';
import type { Authority, VerbInput, VerbResult } from '../src/core/verb';
import { failureOf } from './failure-of';
import type { Run } from './run';

/** A step forward. Whatever comes of it is in the state: done, failed and parked, or interrupted by somebody's word. */
export async function doStep(run: Run, step: Step): Promise<void> {
  run.dispatch({ type: 'step-started', step: step.id, at: run.now() });
  const notesThrough = run.state.noteSeq;
  const perform = () => performVerb(run, step, 'do');
  try {
    const result = step.kind === 'freeze' ? await perform() : await run.interruptible(perform);
    run.dispatch({ type: 'step-ended', step: step.id, at: run.now(), result, notesThrough });
  } catch (error) {
    if (isCancellation(error)) return;
    const failure = failureOf(error);
    const event = step.kind === 'preflight' && failure.type === 'TargetClaimed' ? 'refused' : 'step-failed';
    run.dispatch({ type: event, step: step.id, at: run.now(), failure });
  }
}

/** A step back, which nothing interrupts. A failing undo parks; it never goes on to the next. */
export async function undoStep(run: Run, step: Step): Promise<void> {
  run.dispatch({ type: 'undo-started', step: step.id, at: run.now() });
  const notesThrough = run.state.noteSeq;
  try {
    const result = await performVerb(run, step, 'undo');
    run.dispatch({ type: 'undo-ended', step: step.id, at: run.now(), result, notesThrough });
  } catch (error) {
    run.dispatch({ type: 'undo-failed', step: step.id, at: run.now(), failure: failureOf(error) });
  }
}

async function performVerb(run: Run, step: Step, verb: Verb): Promise<VerbResult> {
  const { startToCloseMs, heartbeatMs, retryMs, attempts } = timeoutsOf(step, verb, run.tuning);
  const activities = proxyActivities<Activities>({
    startToCloseTimeout: startToCloseMs,
    heartbeatTimeout: heartbeatMs,
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: { initialInterval: retryMs, maximumInterval: 30_000, maximumAttempts: attempts },
    summary: clip(`${verb === 'undo' ? 'undo: ' : ''}${step.id}: ${step.title}`, 190),
  });
  const perform = activities[step.kind] as (input: VerbInput) => Promise<VerbResult>;
  return perform(inputOf(run, step, verb));
}

function inputOf(run: Run, step: Step, verb: Verb): VerbInput {
  const { state, plan } = run;
  const own = stepState(state, step.id);
  const authority = authorityOf(run, step);
  return {
    run: state.run,
    step,
    verb,
    round: verb === 'do' ? own.round : own.undoRound,
    expect: state.head,
    notes: state.notes,
    ...(state.head.seq === 0 ? { plan } : {}),
    ...(authority ? { authority } : {}),
    ...(own.tick ? { tick: own.tick } : {}),
    ...(plan.log ? { log: plan.log } : {}),
  };
}

function authorityOf(run: Run, step: Step): Authority | undefined {
  const gate = gateState(run.state, step.phase);
  const spec = run.plan.gates[step.phase];
  if (!gate?.nonce || !gate.evidence || !spec) return undefined;
  return {
    phase: step.phase,
    gate: spec,
    nonce: gate.nonce,
    evidenceDigest: gate.evidence.digest,
    requestedBy: run.state.requestedBy,
    decisions: gate.decisions,
  };
}
