import { DEFAULT_TUNING, type Tuning } from './run-input';
import type { Step, Verb } from './step';

/** Plain numbers, milliseconds; workflows hand them to proxyActivities. */
export interface VerbTimeouts {
  readonly startToCloseMs: number;
  readonly heartbeatMs: number;
  readonly retryMs: number;
  readonly attempts: number;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** The longest honest attempt of each kind; a dead worker is noticed by the heartbeat long before. */
export function timeoutsOf(step: Step, verb: Verb, tuning: Tuning = {}): VerbTimeouts {
  const { heartbeatMs, retryMs, attempts } = { ...DEFAULT_TUNING, ...tuning };
  return { startToCloseMs: longest(step, verb), heartbeatMs, retryMs, attempts: limit(step, verb, attempts) };
}

function longest(step: Step, verb: Verb): number {
  switch (step.kind) {
    case 'observe':
      return verb === 'do' ? step.args.forMs + DAY : 10 * MINUTE;
    case 'freeze':
      return step.args.mode === 'queue'
        ? step.args.patienceMs + step.args.budgetMs + 10 * MINUTE
        : step.args.quietMs + 3 * step.args.budgetMs + 30 * MINUTE;
    case 'command':
      return 3 * step.args.run.timeoutMs + 10 * MINUTE;
    case 'backup':
    case 'drill':
    case 'export':
    case 'diff':
    case 'index':
    case 'stamp':
    case 'redo':
    case 'members':
    case 'key':
    case 'table':
      return DAY;
    default:
      return 2 * 60 * MINUTE;
  }
}

/** Attempts of one round that may freeze. Those after them look what became of the last one, and freeze no more. */
export const FREEZE_TRIES = 3;

/** Every try may be lost with its worker, the last one behind its COMMIT: somebody must be left to look it up. */
function limit(step: Step, verb: Verb, attempts: number): number {
  return step.kind === 'freeze' && verb === 'do' ? FREEZE_TRIES + attempts : attempts;
}
