import type { RunEvent } from './events';
import { awaited } from './gate';
import { stepOf, type CompiledPlan, type NotifySpec } from './plan';
import type { RunState } from './state';

export interface Notice {
  readonly event: NotifySpec['on'][number] | 'tick';
  /** A gate, a phase or a step. */
  readonly subject: string;
  readonly text: string;
  readonly at: string;
}

/** What people are told when this has happened; undefined where nobody is waiting for it. `state` is the one after it. */
export function noticeOf(plan: CompiledPlan, state: RunState, event: RunEvent): Notice | undefined {
  switch (event.type) {
    case 'gate-opened': {
      const wanted = awaited(plan.gates[event.phase] ?? NOBODY, [], state.people);
      const until = event.deadline === undefined ? '' : ` until ${event.deadline}`;
      const text = `Gate before ${event.phase} is open and waits for ${wanted}${until}.`;
      return { event: 'gate', subject: event.phase, text, at: event.at };
    }
    case 'gate-reminded':
      return { event: 'reminder', subject: event.phase, text: event.text, at: event.at };
    case 'step-started': {
      const step = stepOf(plan, event.step);
      if (step.kind !== 'freeze') return undefined;
      return { event: 'frozen', subject: step.id, text: step.title, at: event.at };
    }
    case 'step-ended': {
      const step = stepOf(plan, event.step);
      if (state.hold?.step === event.step) return parked(state, event.at);
      if (step.kind !== 'freeze') return undefined;
      return { event: 'opened', subject: step.id, text: event.result.evidence.summary, at: event.at };
    }
    case 'step-failed':
    case 'undo-failed':
    case 'gate-facts-failed':
    case 'gate-expired':
    case 'held':
      return state.hold ? parked(state, state.hold.at) : undefined;
    case 'finished':
    case 'aborted':
    case 'refused': {
      const why = state.endReason ?? state.rollbackReason;
      const text = `The run has ended: ${state.status}${why ? ` (${why})` : ''}.`;
      return { event: 'done', subject: state.run.plan, text, at: event.at };
    }
    default:
      return undefined;
  }
}

/** How it stands, for whoever wants to hear it every so often. */
export function standing(plan: CompiledPlan, state: RunState, at: string): Notice {
  const done = state.steps.filter((s) => s.status === 'done' || s.status === 'skipped').length;
  const open = state.gates.find((g) => g.status === 'open');
  const waits = open ? `; gate before ${open.phase} is open` : state.hold ? `; ${state.hold.reason}` : '';
  const text = `${state.status}, phase ${state.phase}: ${done} of ${plan.steps.length} steps done${waits}`;
  return { event: 'tick', subject: state.phase, text, at };
}

const NOBODY = { require: [], onExpiry: 'hold', excludeRequester: false } as const;

function parked(state: RunState, at: string): Notice {
  const { hold } = state;
  return { event: 'parked', subject: hold?.step ?? state.phase, text: hold?.reason ?? 'The run stands still.', at };
}
