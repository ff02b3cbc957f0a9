import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Keeps the worker's memory near what is alive in it: left to itself V8 lets a heap grow to several times that before it
 * collects, and a worker that does little for days holds mostly garbage. From now on a heap is collected when it has
 * grown by a part, and threads that start later begin with small new spaces.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWING_PERCENT}`);
  setFlagsFromString(`--max-semi-space-size=${THREAD_NEW_SPACE_MB}`);
}

/**
 * One full collection now. Before its first one V8 lets a heap grow to hundreds of MB, however little of it is alive:
 * call it when everything is loaded and nothing is under way, for it takes some tens of milliseconds.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  collect();
}

const GROWING_PERCENT = 30;
/** Of the workflow thread; the main thread's is what Node was started with. */
const THREAD_NEW_SPACE_MB = 4;
