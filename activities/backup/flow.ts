import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from './files';

/**
 * Runs several things that stand and fall together, such as the programs and pipes of one dump. The first failure in
 * time aborts the others and is the one thrown: what follows (broken pipes) says less. `start` registers each part and
 * gives what to answer once all have ended well.
 */
export async function together<T>(
  outer: AbortSignal,
  start: (signal: AbortSignal, part: (work: Promise<unknown>) => void) => Promise<() => T>,
): Promise<T> {
  const stop = new AbortController();
  const signal = AbortSignal.any([outer, stop.signal]);
  const parts: Promise<void>[] = [];
  let first: { readonly error: unknown } | undefined;
  const failed = (error: unknown): void => {
    first ??= { error };
    stop.abort(error);
  };
  const part = (work: Promise<unknown>): void => {
    parts.push(
      work.then(
        () => undefined,
        async (error: unknown) => {
          // Whoever broke the pipe is about to say why.
          if (isBrokenPipe(error)) await delay(GRACE_MS);
          failed(error);
        },
      ),
    );
  };
  const answer = await start(signal, part).catch((error: unknown) => void failed(error));
  await Promise.all(parts);
  outer.throwIfAborted();
  if (first) throw first.error;
  if (!answer) throw new Error('Nothing was started, and no reason was given; try again.');
  return answer();
}

const GRACE_MS = 300;

function isBrokenPipe(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'EPIPE' || code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}
