import { missing, requirementText } from './gate';
import type { OperateMessage } from './operate-message';
import { PHASES, phaseIndex } from './phase';
import { stepOf, type CompiledPlan, type GateSpec } from './plan';
import { stepState, type RunState } from './state';
import type { Step } from './step';

/** Kinds whose whole point is that nobody can talk them away, in production at least. */
const NEVER_IN_PRODUCTION: readonly Step['kind'][] = ['preflight', 'backup', 'drill', 'freeze'];
/** Kinds that later steps or the end of the run stand on, whatever the environment. */
const NEVER: readonly Step['kind'][] = ['preflight', 'registry', 'key', 'freeze', 'release'];

/** Only what is parked can be skipped, with a reason, by the quorum of the next gate. */
export function refusesSkip(plan: CompiledPlan, state: RunState, message: OperateMessage): string | undefined {
  const { hold } = state;
  if (hold?.kind !== 'parked' || hold.step === undefined)
    return 'Nothing is parked at a step: there is nothing to skip.';
  if (state.direction === 'back')
    return 'An undo cannot be skipped: what it would leave behind, nobody would clear away.';
  if (message.step !== undefined && message.step !== hold.step)
    return `The run is parked at ${hold.step}, not at ${message.step}.`;
  const { kind, phase } = stepOf(plan, hold.step);
  if (phase === 'contract') return 'Past the point of no return nothing is skipped: retry, or restore the backup.';
  if (NEVER.includes(kind)) return `A step of kind ${kind} is never skipped: what comes after it stands on it.`;
  if (plan.environment === 'production' && NEVER_IN_PRODUCTION.includes(kind))
    return `In production a step of kind ${kind} is never skipped.`;
  if (!message.comment?.trim()) return 'A skip needs a reason; say it with --comment.';
  return undefined;
}

/** The quorum of the first gate at or after the parked step. */
export function skipQuorum(plan: CompiledPlan, state: RunState): GateSpec['require'] {
  const phase = state.hold?.step ? stepOf(plan, state.hold.step).phase : 'preflight';
  const next = PHASES.slice(phaseIndex(phase) + 1).find((p) => plan.gates[p]);
  return (next ? plan.gates[next]?.require : undefined) ?? [];
}

/** undefined when the votes for skipping this round of the step suffice, else what is still wanting. */
export function skipWanting(plan: CompiledPlan, state: RunState): string | undefined {
  if (!state.hold?.step) return 'a parked step';
  const { id, round } = stepState(state, state.hold.step);
  const votes = state.skipVotes.filter((v) => v.gate === skipVote(id, round));
  if (votes.length === 0) return 'one person with a role';
  const left = missing(skipQuorum(plan, state), votes, state.people);
  return left.length === 0 ? undefined : requirementText(left);
}

/** A vote is for one round of one step: what the next round sees may be another thing. */
export function skipVote(step: string, round: number): string {
  return `skip ${step} #${round}`;
}
