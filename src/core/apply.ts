import { assertNever } from './assert-never';
import type { RunEvent } from './events';
import type { FailureType } from './failure';
import type { CompiledPlan } from './plan';
import { stepOf } from './plan';
import { applyGateEvent } from './apply-gate';
import { note, unwritten } from './notes';
import type { GateState, Hold, RunState, StepState } from './state';

/** The only way a run changes. Pure: the same events give the same state, on replay and in the report. */
export function apply(plan: CompiledPlan, state: RunState, event: RunEvent): RunState {
  const next = change(plan, state, event);
  return state.endedAt === undefined ? withTrueStatus(next) : stillEnded(state, next);
}

function change(plan: CompiledPlan, state: RunState, event: RunEvent): RunState {
  switch (event.type) {
    case 'people-read':
      return { ...state, people: event.people };
    case 'round':
      return withStep(state, event.step, (s) =>
        event.verb === 'do' ? { ...s, round: event.round } : { ...s, undoRound: event.round },
      );
    case 'step-started':
      return {
        ...withStep(state, event.step, (s) => ({ ...s, status: 'running', startedAt: s.startedAt ?? event.at })),
        status: 'running',
        phase: stepOf(plan, event.step).phase,
      };
    case 'step-ended': {
      const { evidence, head, ms } = event.result;
      const passed = evidence.verdict === 'pass';
      const next = withStep({ ...state, head, notes: unwritten(state, event.notesThrough) }, event.step, (s) => ({
        ...s,
        status: passed ? 'done' : 'failed',
        verdict: evidence.verdict,
        summary: evidence.summary,
        ...(evidence.figures ? { figures: evidence.figures } : {}),
        endedAt: event.at,
        ms,
        evidenceHash: head.hash,
      }));
      return passed
        ? next
        : park(plan, next, event.step, {
            reason: `${event.step}: verdict ${evidence.verdict}. ${evidence.summary}`,
            at: event.at,
          });
    }
    case 'step-failed': {
      const next = withStep(state, event.step, (s) => ({
        ...s,
        status: 'failed',
        summary: event.failure.message,
        endedAt: event.at,
      }));
      return park(plan, next, event.step, { reason: event.failure.message, at: event.at, failure: event.failure });
    }
    case 'undo-started':
      return {
        ...withStep(state, event.step, (s) => ({ ...s, status: 'undoing', startedAt: event.at })),
        status: 'rolling-back',
        phase: 'rollback',
      };
    case 'undo-ended': {
      const { evidence, head, ms } = event.result;
      const passed = evidence.verdict === 'pass';
      const next = withStep({ ...state, head, notes: unwritten(state, event.notesThrough) }, event.step, (s) => ({
        ...s,
        status: passed ? 'undone' : 'failed',
        verdict: evidence.verdict,
        summary: evidence.summary,
        endedAt: event.at,
        ms,
        evidenceHash: head.hash,
      }));
      return passed
        ? next
        : hold(next, { reason: `undo of ${event.step}: ${evidence.summary}`, at: event.at, step: event.step });
    }
    case 'undo-failed':
      return hold(
        withStep(state, event.step, (s) => ({ ...s, status: 'failed', summary: event.failure.message })),
        {
          reason: `undo of ${event.step}: ${event.failure.message}`,
          at: event.at,
          step: event.step,
          failure: event.failure,
        },
      );
    case 'gate-opened':
    case 'gate-facts-failed':
    case 'gate-passed':
    case 'gate-reopened':
    case 'gate-expired':
    case 'gate-reminded':
    case 'gate-waits':
    case 'decided':
    case 'not-counted':
    case 'extend-vote':
    case 'gate-extended':
      return applyGateEvent(plan, state, event);
    case 'held':
      return note(
        { ...state, hold: event.hold, status: event.hold.kind === 'paused' ? 'paused' : 'awaiting-operator' },
        'operator',
        event.hold.at,
        {
          word: event.hold.kind,
          reason: event.hold.reason,
        },
      );
    case 'resumed':
      return note(released(state), 'operator', event.at, { word: 'resume', by: event.by });
    case 'retried':
      return note(released(reopened(plan, state)), 'operator', event.at, {
        word: 'retry',
        by: event.by,
        comment: event.comment,
      });
    case 'skip-vote':
      return note(
        { ...state, skipVotes: [...state.skipVotes.filter((v) => v.approver !== event.vote.approver), event.vote] },
        'decision',
        event.vote.at,
        { word: event.vote.gate, by: event.vote.approver, comment: event.vote.comment, via: event.vote.via },
      );
    case 'skipped': {
      const summary = `skipped by ${event.by}: ${event.reason}`;
      const next = withStep(released(state), event.step, (s) => ({
        ...s,
        status: 'skipped',
        summary,
        endedAt: event.at,
      }));
      return note(next, 'operator', event.at, { word: 'skip', step: event.step, by: event.by, reason: event.reason });
    }
    case 'tick-awaited':
      return { ...state, status: 'awaiting-operator', phase: stepOf(plan, event.step).phase };
    case 'ticked':
      return note(
        withStep(state, event.step, (s) => ({ ...s, tick: event.tick })),
        'operator',
        event.tick.at,
        { word: 'tick', step: event.step, by: event.tick.by, proof: event.tick.proof },
      );
    case 'adopted':
      return note({ ...state, status: state.direction === 'back' ? 'rolling-back' : 'running' }, 'operator', event.at, {
        word: 'adopt',
        by: event.by,
      });
    case 'rollback-vote':
      return note(
        {
          ...state,
          rollbackVotes: [...state.rollbackVotes.filter((v) => v.approver !== event.vote.approver), event.vote],
        },
        'decision',
        event.vote.at,
        {
          word: 'rollback',
          by: event.vote.approver,
          roles: event.vote.roles,
          comment: event.vote.comment,
          via: event.vote.via,
        },
      );
    case 'rollback-begun':
      return note(
        {
          ...released(state),
          gates: state.gates.map(closed),
          direction: 'back',
          status: 'rolling-back',
          phase: 'rollback',
          rollbackReason: event.reason,
        },
        'operator',
        event.at,
        { word: 'rollback-begun', reason: event.reason },
      );
    case 'aborted':
      return ended(state, 'aborted', event.at, `${event.by} aborted it${event.comment ? `: ${event.comment}` : ''}`);
    case 'refused':
      return ended(
        withStep(state, event.step, (s) => ({ ...s, status: 'failed', summary: event.failure.message })),
        'refused',
        event.at,
        event.failure.message,
      );
    case 'finished':
      return ended(state, event.outcome, event.at);
    default:
      return assertNever(event, 'A run event');
  }
}

/** Parks, or turns back where the plan says so for this phase. Once turned back it never turns forward again. */
function park(
  plan: CompiledPlan,
  state: RunState,
  step: string,
  why: Omit<Hold, 'kind' | 'options' | 'step'>,
): RunState {
  if (state.direction === 'back' || state.endedAt !== undefined) return state;
  const phase = stepOf(plan, step).phase;
  const asked = why.failure === undefined || !UNASKED.includes(why.failure.type);
  if (asked && plan.onFailure[phase] === 'rollback' && phase !== 'contract') {
    return apply(plan, state, { type: 'rollback-begun', reason: `onFailure of ${phase}: ${why.reason}`, at: why.at });
  }
  const options = phase === 'contract' ? ['retry', 'abort'] : ['retry', 'rollback', 'abort'];
  return hold(state, { ...why, step }, options);
}

/** Failures that say nothing about the data, and that an undo would meet as well: they park, whatever the plan says. */
const UNASKED: readonly FailureType[] = [
  'TargetClaimed',
  'LedgerDiverged',
  'FingerprintChanged',
  'NotAllowed',
  'Misconfigured',
  'StaleToken',
  'Blocked',
  'Unavailable',
];

function hold(
  state: RunState,
  why: Omit<Hold, 'kind' | 'options'>,
  options: readonly string[] = ['retry', 'abort'],
): RunState {
  const next: RunState = { ...state, status: 'awaiting-operator', hold: { kind: 'parked', options, ...why } };
  return note(next, 'parked', why.at, { reason: why.reason, ...(why.step ? { step: why.step } : {}) });
}

function released(state: RunState): RunState {
  const { hold: _gone, ...rest } = state;
  return { ...rest, status: state.direction === 'back' ? 'rolling-back' : 'running' };
}

function ended(
  state: RunState,
  outcome: 'done' | 'rolled-back' | 'aborted' | 'refused',
  at: string,
  reason?: string,
): RunState {
  const next = {
    ...released(state),
    status: outcome,
    endedAt: at,
    steps: unreached(state),
    ...(reason ? { endReason: reason } : {}),
  };
  return note(next, 'finished', at, { outcome, ...(reason ? { reason } : {}) });
}

/** A question that nobody needs to answer any more. */
function closed(gate: GateState): GateState {
  return gate.status === 'open' || gate.status === 'approved'
    ? { phase: gate.phase, status: 'pending', decisions: gate.decisions }
    : gate;
}

/**
 * A retry is a new round: the ledger keeps what the last round saw. A gate that was closed asks again, and so does one
 * whose decisions an activity did not accept: with the same decisions the same step would be refused for ever.
 */
function reopened(plan: CompiledPlan, state: RunState): RunState {
  const back = state.direction === 'back';
  const { step, failure } = state.hold ?? {};
  const refusedGate = !back && step && failure?.type === 'NotAllowed' ? stepOf(plan, step).phase : undefined;
  return {
    ...state,
    steps: state.steps.map((s) => {
      if (s.status !== 'failed') return s;
      const { startedAt: _before, ...again } = s;
      return back
        ? { ...again, status: 'undoing' as const, undoRound: s.undoRound + 1 }
        : { ...again, status: 'running' as const, round: s.round + 1 };
    }),
    gates: state.gates.map((g) =>
      g.status === 'rejected' || g.status === 'expired' || g.phase === refusedGate
        ? { phase: g.phase, status: 'pending' as const, decisions: [] }
        : g,
    ),
  };
}

function unreached(state: RunState): readonly StepState[] {
  return state.steps.map((s) => (s.status === 'pending' ? { ...s, status: 'not-reached' as const } : s));
}

/** A word that comes while an activity is under way must not be overwritten by what that activity reports. */
function withTrueStatus(state: RunState): RunState {
  if (state.endedAt !== undefined) return state;
  if (state.hold) return { ...state, status: state.hold.kind === 'paused' ? 'paused' : 'awaiting-operator' };
  if (state.direction === 'back') return { ...state, status: 'rolling-back' };
  const asks = state.status === 'running' && state.gates.some((g) => g.status === 'open');
  return asks ? { ...state, status: 'awaiting-approval' } : state;
}

/** An end is final: a verb that was under way may still report what it did, and turns nothing. */
function stillEnded(ended: RunState, next: RunState): RunState {
  const { hold: _late, ...rest } = next;
  const { status, endedAt, endReason, direction, phase, gates, noteSeq } = ended;
  const notes = next.notes.filter((n) => ended.notes.includes(n));
  return {
    ...rest,
    status,
    ...(endedAt ? { endedAt } : {}),
    ...(endReason ? { endReason } : {}),
    ...{ direction, phase, gates, notes, noteSeq },
  };
}

function withStep(state: RunState, id: string, change: (step: StepState) => StepState): RunState {
  return { ...state, steps: state.steps.map((s) => (s.id === id ? change(s) : s)) };
}
