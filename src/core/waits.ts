import { nextMove } from './next-move';
import { peopleWith } from './people';
import type { Phase } from './phase';
import type { CompiledPlan } from './plan';
import { stepState, type RunState } from './state';
import type { StepOf } from './step';

/** The manual step that nobody has ticked and that the run waits for now. */
export function awaitedTick(plan: CompiledPlan, state: RunState): StepOf<'manual'> | undefined {
  const move = nextMove(plan, state);
  return move.kind === 'await-tick' && move.step.kind === 'manual' ? move.step : undefined;
}

/** Manual steps that may be ticked before the run comes to them. */
export function ticksAhead(plan: CompiledPlan, state: RunState): readonly StepOf<'manual'>[] {
  if (state.endedAt !== undefined || state.direction === 'back') return [];
  const now = awaitedTick(plan, state)?.id;
  return plan.steps.flatMap((step) => {
    const open = step.kind === 'manual' && step.id !== now && stepState(state, step.id).tick === undefined;
    return open && stepState(state, step.id).status === 'pending' ? [step] : [];
  });
}

/** Who may tick it: `1 × lead (lead-1 or lead-2)`. */
export function tickerText(state: RunState, step: StepOf<'manual'>): string {
  const { role } = step.args;
  return `1 × ${role} (${peopleWith(state.people, role).join(' or ') || 'nobody has this role'})`;
}

export function tickCommand(state: RunState, step: StepOf<'manual'>): string {
  return `cutover tick ${step.id} --plan ${state.run.plan} --as <your name> --comment <what proves it>`;
}

/** Ready to paste into the Temporal UI's "Send a Signal" dialog, signal name `operate`. */
export function tickSignalBody(step: StepOf<'manual'>): string {
  return JSON.stringify({ verb: 'tick', step: step.id, as: '<your name>', comment: '<what proves it>' });
}

/** The gate that is approved and whose hours have not come. */
export function awaitedWindow(
  plan: CompiledPlan,
  state: RunState,
): { readonly phase: Phase; readonly until: string; readonly hours: string } | undefined {
  const move = nextMove(plan, state);
  if (move.kind !== 'confirm-gate') return undefined;
  const until = state.gates.find((g) => g.phase === move.phase)?.waitsUntil;
  const window = plan.gates[move.phase]?.window;
  return until === undefined || !window
    ? undefined
    : { phase: move.phase, until, hours: `${window.from} to ${window.to} ${window.tz}` };
}
