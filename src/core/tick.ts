import type { OperateMessage } from './operate-message';
import { rolesOf } from './people';
import { stepOf, type CompiledPlan } from './plan';
import { stepState, type RunState } from './state';

/** A tick is a statement by a named person with the step's role, never without a proof, and never for what is done already. */
export function refusesTick(plan: CompiledPlan, state: RunState, message: OperateMessage): string | undefined {
  const manual = plan.steps.filter((s) => s.kind === 'manual');
  const step = manual.find((s) => s.id === message.step);
  if (!step || step.kind !== 'manual') {
    const known = manual.map((s) => s.id).join(', ') || 'none';
    return `"${message.step ?? ''}" is no manual step of this plan; its manual steps are: ${known}.`;
  }
  if (state.direction === 'back') return 'The run is rolling back: nothing is ticked any more.';
  const own = stepState(state, step.id);
  if (own.status === 'done') return `${step.id} is done already.`;
  if (own.tick) return `${step.id} was ticked already by ${own.tick.by}.`;
  if (!rolesOf(state.people, message.as).includes(step.args.role)) {
    return `${step.id} is ticked by somebody with the role ${step.args.role}; "${message.as}" has ${rolesOf(state.people, message.as).join(', ')}.`;
  }
  if (!message.comment?.trim())
    return `${step.id} needs a text that proves it (a link, a ticket, a name); say it with --comment.`;
  return undefined;
}

export function awaitsTick(plan: CompiledPlan, state: RunState, id: string): boolean {
  return stepOf(plan, id).kind === 'manual' && stepState(state, id).tick === undefined;
}
