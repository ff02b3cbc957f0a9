import { Context } from '@temporalio/activity';
import type { Progress } from './context';

export interface Pulse extends Disposable {
  readonly signal: AbortSignal;
  readonly attempt: number;
  progress(progress: Progress): void;
}

/**
 * Tells the server that this attempt is alive, on a clock of its own: a statement may run for an hour. What it says is
 * the last progress. A stopped process sends nothing, which is how another worker learns to take over. A verb that is
 * over at once says nothing: each word costs the server a write, and the verb's own end would wait behind it.
 */
export function startPulse(): Pulse {
  const context = Context.current();
  let last: Progress | undefined;
  let speaking = false;
  const beat = (): void => context.heartbeat(last);
  const every = Math.max(QUIET_MS, Math.floor((context.info.heartbeatTimeoutMs ?? 15_000) / 4));
  const timer = setInterval(beat, every);
  const first = setTimeout(() => {
    speaking = true;
    beat();
  }, QUIET_MS);
  return {
    signal: context.cancellationSignal,
    attempt: context.info.attempt,
    progress: (progress) => {
      last = progress;
      if (speaking) beat();
    },
    [Symbol.dispose]: () => {
      clearTimeout(first);
      clearInterval(timer);
    },
  };
}

const QUIET_MS = 250;
