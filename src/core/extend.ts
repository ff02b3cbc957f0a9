import { missing, requirementText } from './gate';
import type { OperateMessage } from './operate-message';
import type { CompiledPlan, GateSpec } from './plan';
import type { GateState, RunState } from './state';

/** The gate that waits with a deadline: the only one that can be given more time. */
export function gateToExtend(state: RunState): GateState | undefined {
  return state.gates.find((g) => g.status === 'open' && g.deadline !== undefined);
}

/** More time for an open gate, by the people whom it asks. Never less: a deadline that moves towards people is a trap. */
export function refusesExtend(state: RunState, message: OperateMessage, now: string): string | undefined {
  const gate = gateToExtend(state);
  if (!gate?.deadline) return 'No gate is open that has a deadline: there is nothing to extend.';
  const until = message.until === undefined ? Number.NaN : Date.parse(message.until);
  if (Number.isNaN(until)) return 'An extension needs its new deadline; say it with --until or --by.';
  if (until <= Date.parse(gate.deadline) || until <= Date.parse(now))
    return `The gate before ${gate.phase} waits until ${gate.deadline} already; ${message.until ?? ''} is not later.`;
  if (until > Date.parse(now) + LONGEST_MS)
    return `${message.until ?? ''} is more than 30 days from now; extend again when it comes to that.`;
  if (!message.comment?.trim()) return 'An extension needs a reason; say it with --comment.';
  return undefined;
}

const LONGEST_MS = 30 * 24 * 60 * 60_000;

/** A vote is for one deadline of one opening of the gate. */
export function extendVote(gate: GateState, until: string): string {
  return `extend ${gate.phase} ${gate.nonce ?? ''} until ${until}`;
}

/** Whom more time is asked of: the open gate's own quorum. */
export function extendQuorum(plan: CompiledPlan, state: RunState): GateSpec['require'] {
  const gate = gateToExtend(state);
  return (gate && plan.gates[gate.phase]?.require) ?? [];
}

/** undefined when the votes for this deadline suffice, else who is wanting: the gate's own quorum. */
export function extendWanting(plan: CompiledPlan, state: RunState, until: string): string | undefined {
  const gate = gateToExtend(state);
  const spec = gate && plan.gates[gate.phase];
  if (!spec) return 'an open gate';
  const votes = (state.extendVotes ?? []).filter((v) => v.gate === extendVote(gate, until));
  const left = missing(spec.require, votes, state.people);
  return left.length === 0 ? undefined : requirementText(left);
}
