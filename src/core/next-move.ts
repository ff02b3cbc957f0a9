import { PHASES, type Phase } from './phase';
import type { CompiledPlan } from './plan';
import { undoList } from './rollback';
import { ENDED, gateState, type RunState } from './state';
import type { Step } from './step';
import { awaitsTick } from './tick';
import { stepOf } from './plan';

/** What the run does next. The workflow carries it out and nothing else. */
export type Move =
  /** Take the facts and put the question. */
  | { readonly kind: 'open-gate'; readonly phase: Phase }
  /** Wait until people have decided, the deadline passes, or somebody turns the run. */
  | { readonly kind: 'await-gate'; readonly phase: Phase }
  /** Take the facts again: what was approved must still be so when the phase starts. */
  | { readonly kind: 'confirm-gate'; readonly phase: Phase }
  | { readonly kind: 'do'; readonly step: Step }
  /** A manual step: wait for the person who ticks it. */
  | { readonly kind: 'await-tick'; readonly step: Step }
  | { readonly kind: 'undo'; readonly step: Step }
  /** Parked or paused: wait for an operator's word. */
  | { readonly kind: 'await-operator' }
  | { readonly kind: 'finish'; readonly outcome: 'done' | 'rolled-back' }
  | { readonly kind: 'end' };

export function nextMove(plan: CompiledPlan, state: RunState): Move {
  if (ENDED.includes(state.status)) return { kind: 'end' };
  if (state.hold) return { kind: 'await-operator' };
  return state.direction === 'back' ? moveBack(plan, state) : moveForward(plan, state);
}

function moveForward(plan: CompiledPlan, state: RunState): Move {
  const id = state.steps.find((s) => s.status !== 'done' && s.status !== 'skipped')?.id;
  if (id === undefined) return { kind: 'finish', outcome: 'done' };
  const step = stepOf(plan, id);
  return (
    gateBefore(step.phase, state) ?? (awaitsTick(plan, state, id) ? { kind: 'await-tick', step } : { kind: 'do', step })
  );
}

/** A gate stands before every phase that has one, a phase without steps included: people may want to look before. */
function gateBefore(phase: Phase, state: RunState): Move | undefined {
  for (const candidate of PHASES.slice(0, PHASES.indexOf(phase) + 1)) {
    const gate = gateState(state, candidate);
    switch (gate?.status) {
      case 'pending':
        return { kind: 'open-gate', phase: candidate };
      case 'open':
      case 'rejected':
      case 'expired':
        return { kind: 'await-gate', phase: candidate };
      case 'approved':
        return { kind: 'confirm-gate', phase: candidate };
      case 'passed':
      case undefined:
    }
  }
  return undefined;
}

function moveBack(plan: CompiledPlan, state: RunState): Move {
  const id = undoList(plan, state)[0];
  return id === undefined ? { kind: 'finish', outcome: 'rolled-back' } : { kind: 'undo', step: stepOf(plan, id) };
}
