import type { OperateMessage } from './operate-message';
import { extendQuorum, refusesExtend } from './extend';
import { outsideQuorum } from './gate';
import { rolesOf } from './people';
import type { CompiledPlan, GateSpec } from './plan';
import { refusesRollback, cutoverBegun } from './rollback';
import { refusesSkip, skipQuorum } from './skip';
import type { RunState } from './state';
import { refusesTick } from './tick';

/** Why the word cannot be followed now; undefined when it can. */
export function refusesWord(
  plan: CompiledPlan,
  state: RunState,
  message: OperateMessage,
  now: string,
): string | undefined {
  if (state.endedAt !== undefined) return `The run has ended (${state.status}).`;
  if (rolesOf(state.people, message.as).length === 0) return `"${message.as}" is not in the people file of the worker.`;
  const outside = (require: GateSpec['require'], what: string): string | undefined =>
    outsideQuorum(require, state.people, { as: message.as, what });
  switch (message.verb) {
    case 'pause':
      return state.hold ? `The run already stands still (${state.hold.kind}): ${state.hold.reason}` : undefined;
    case 'resume':
      return state.hold?.kind === 'paused' ? undefined : 'The run is not paused.';
    case 'retry':
      return state.hold?.kind === 'parked' ? undefined : 'Nothing is parked: there is nothing to retry.';
    case 'skip':
      return refusesSkip(plan, state, message) ?? outside(skipQuorum(plan, state), 'a skip here');
    case 'tick':
      return refusesTick(plan, state, message);
    case 'extend':
      return refusesExtend(state, message, now) ?? outside(extendQuorum(plan, state), 'more time for this gate');
    case 'rollback':
      return refusesRollback(plan, state) ?? refusesWithoutDigest(plan, state, message);
    case 'abort':
      return undefined;
  }
}

/** After the cutover a rollback is a decision about data: it must name the plan it means. */
function refusesWithoutDigest(plan: CompiledPlan, state: RunState, message: OperateMessage): string | undefined {
  if (!cutoverBegun(plan, state) || message.planDigest === state.run.planDigest) return undefined;
  return `A rollback after the cutover must carry the plan's digest (${state.run.planDigest}); found ${message.planDigest ?? 'none'}.`;
}
