import { assertNever } from './assert-never';
import type { RunEvent } from './events';
import { note } from './notes';
import type { CompiledPlan } from './plan';
import type { Phase } from './phase';
import type { GateState, Hold, RunState } from './state';

export type GateEvent = Extract<
  RunEvent,
  {
    readonly type:
      | 'gate-opened'
      | 'gate-facts-failed'
      | 'gate-passed'
      | 'gate-reopened'
      | 'gate-expired'
      | 'gate-reminded'
      | 'gate-waits'
      | 'decided'
      | 'not-counted'
      | 'extend-vote'
      | 'gate-extended';
  }
>;

const MAX_NOT_COUNTED = 100;

export function applyGateEvent(_plan: CompiledPlan, state: RunState, event: GateEvent): RunState {
  switch (event.type) {
    case 'gate-opened': {
      const { phase, nonce, evidence, at, deadline } = event;
      const next = withGate({ ...state, people: event.people, status: 'awaiting-approval', phase }, phase, (g) => ({
        ...g,
        status: 'open',
        nonce,
        evidence,
        openedAt: at,
        ...(deadline ? { deadline } : {}),
      }));
      const noted = note(next, 'gate-opened', at, {
        gate: phase,
        nonce,
        evidenceDigest: evidence.digest,
        material: evidence.material,
        shown: evidence.shown,
      });
      const early = state.gates.find((g) => g.phase === phase)?.decisions.find((d) => d.decision === 'reject');
      return early ? rejected(noted, phase, early.approver, early.comment, at) : noted;
    }
    case 'gate-facts-failed':
      return parkAtGate(
        state,
        `The facts for gate ${event.phase} could not be taken: ${event.failure.message}`,
        event.at,
        event.failure,
      );
    case 'gate-passed':
      return note(
        withGate({ ...state, status: 'running' }, event.phase, (g) => ({ ...g, status: 'passed' })),
        'gate-closed',
        event.at,
        {
          gate: event.phase,
          outcome: 'passed',
        },
      );
    case 'gate-reopened':
      return note(
        withGate(state, event.phase, (g) => ({
          phase: g.phase,
          status: 'pending',
          decisions: [],
          reopened: event.why,
        })),
        'gate-closed',
        event.at,
        { gate: event.phase, outcome: 'reopened', why: event.why },
      );
    case 'gate-reminded':
      return note(
        withGate(state, event.phase, (g) => ({ ...g, reminded: (g.reminded ?? 0) + 1 })),
        'reminder',
        event.at,
        { gate: event.phase, text: event.text },
      );
    case 'gate-waits':
      return note(
        withGate(state, event.phase, (g) => ({ ...g, waitsUntil: event.until })),
        'reminder',
        event.at,
        { gate: event.phase, text: `approved; the window opens at ${event.until}` },
      );
    case 'gate-expired': {
      const next = withGate(state, event.phase, (g) => ({ ...g, status: 'expired' }));
      return parkAtGate(next, `Gate ${event.phase} expired before its quorum was reached.`, event.at);
    }
    case 'decided': {
      const { decision, settles } = event;
      const next = note(
        withGate(state, decision.gate, (g) => ({
          ...g,
          decisions: [...g.decisions.filter((d) => d.approver !== decision.approver), decision],
        })),
        'decision',
        decision.at,
        {
          gate: decision.gate,
          decision: decision.decision,
          by: decision.approver,
          roles: decision.roles,
          comment: decision.comment,
          via: decision.via,
          nonce: decision.nonce,
          evidenceDigest: decision.evidenceDigest,
        },
      );
      if (settles === 'rejected')
        return rejected(next, decision.gate, decision.approver, decision.comment, decision.at);
      if (settles === 'approved')
        return withGate({ ...next, status: 'running' }, decision.gate, (g) => ({ ...g, status: 'approved' }));
      return next;
    }
    case 'extend-vote': {
      const { vote } = event;
      const others = (state.extendVotes ?? []).filter((v) => v.approver !== vote.approver);
      return note({ ...state, extendVotes: [...others, vote] }, 'decision', vote.at, {
        word: vote.gate,
        by: vote.approver,
        comment: vote.comment,
        via: vote.via,
      });
    }
    case 'gate-extended': {
      const { phase, deadline, by, reason, at } = event;
      const { extendVotes: _counted, ...rest } = state;
      // From now on the reminders are those of the new deadline.
      const next = withGate(rest, phase, (g) => ({ ...g, extendedAt: at, deadline, reminded: 0 }));
      return note(next, 'operator', at, { word: 'extend', gate: phase, deadline, by, reason });
    }
    case 'not-counted':
      return { ...state, notCounted: [...state.notCounted, event.entry].slice(-MAX_NOT_COUNTED) };
    default:
      return assertNever(event, 'A gate event');
  }
}

/** A reject of a gate that is not open yet is kept with it and closes it the moment it opens. */
function rejected(state: RunState, gate: string, by: string, comment: string, at: string): RunState {
  const current = state.gates.find((g) => g.phase === gate);
  if (current?.status === 'pending') return state;
  const next = withGate(state, gate, (g) => ({ ...g, status: 'rejected' }));
  return parkAtGate(next, `Gate ${gate} was rejected by ${by}${comment ? `: ${comment}` : ''}.`, at);
}

function parkAtGate(state: RunState, reason: string, at: string, failure?: Hold['failure']): RunState {
  const hold: Hold = {
    kind: 'parked',
    reason,
    at,
    options: ['retry', 'rollback', 'abort'],
    ...(failure ? { failure } : {}),
  };
  return note({ ...state, status: 'awaiting-operator', hold }, 'parked', at, { reason });
}

function withGate(state: RunState, phase: Phase | string, change: (gate: GateState) => GateState): RunState {
  return { ...state, gates: state.gates.map((g) => (g.phase === phase ? change(g) : g)) };
}
