import { missing, requirementText } from './gate';
import { rolesOf } from './people';
import { PHASES, phaseIndex, POINT_OF_NO_RETURN, type Phase } from './phase';
import { stepOf, type CompiledPlan, type GateSpec } from './plan';
import type { RunState } from './state';

/** Steps to undo, newest first: all that were ever begun, finished, skipped or not, since an unfinished one may have done half. */
export function undoList(plan: CompiledPlan, state: RunState): readonly string[] {
  return state.steps
    .filter((s) => s.status !== 'pending' && s.status !== 'undone' && s.status !== 'not-reached')
    .map((s) => stepOf(plan, s.id).id)
    .reverse();
}

export function pastPointOfNoReturn(plan: CompiledPlan, state: RunState): boolean {
  return begun(plan, state, POINT_OF_NO_RETURN);
}

/** Once the switch was tried, the application may have written in the new shape: turning back asks for more people. */
export function cutoverBegun(plan: CompiledPlan, state: RunState): boolean {
  return begun(plan, state, 'cutover');
}

/** Why a rollback may not be asked for now; undefined when it may. */
export function refusesRollback(plan: CompiledPlan, state: RunState): string | undefined {
  if (state.endedAt !== undefined) return `The run has ended (${state.status}).`;
  if (state.direction === 'back') return 'The run is rolling back already.';
  if (pastPointOfNoReturn(plan, state)) {
    return 'The run is past the point of no return: contract has begun and dropped what an undo would need. Only a restore of the backup is left.';
  }
  const fixed = state.steps
    .filter((s) => s.status !== 'pending')
    .map((s) => stepOf(plan, s.id))
    .find((s) => s.irreversible !== undefined);
  return fixed ? `Step ${fixed.id} is irreversible: ${fixed.irreversible}` : undefined;
}

/** Who must ask: before the cutover one person with a role, after it the quorum of the next gate. */
export function rollbackQuorum(plan: CompiledPlan, state: RunState): GateSpec['require'] | undefined {
  if (!cutoverBegun(plan, state)) return undefined;
  const from = phaseIndex('cutover');
  const next =
    PHASES.slice(from + 1).find((phase: Phase) => plan.gates[phase]) ?? PHASES.find((phase) => plan.gates[phase]);
  return next ? plan.gates[next]?.require : undefined;
}

/** undefined when the votes suffice, else what is still wanting. */
export function rollbackWanting(plan: CompiledPlan, state: RunState): string | undefined {
  const quorum = rollbackQuorum(plan, state);
  if (!quorum)
    return state.rollbackVotes.some((v) => rolesOf(state.people, v.approver).length > 0)
      ? undefined
      : 'one person with a role';
  const left = missing(quorum, state.rollbackVotes, state.people);
  return left.length === 0 ? undefined : requirementText(left);
}

function begun(plan: CompiledPlan, state: RunState, phase: Phase): boolean {
  return plan.steps.some(
    (step) => step.phase === phase && state.steps.some((s) => s.id === step.id && s.status !== 'pending'),
  );
}
