import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';

export const stopSignal = defineSignal('stop');

const { noop } = proxyActivities<{ noop(): Promise<void> }>({ startToCloseTimeout: '1 minute' });

/** Bare activities, one after the other, with a pause between two, until it is told to stop: what any activity costs here. */
export async function noops(pauseMs: number): Promise<number> {
  let stopped = false;
  setHandler(stopSignal, () => void (stopped = true));
  let done = 0;
  while (!stopped) {
    await noop();
    done += 1;
    await condition(() => stopped, pauseMs);
  }
  return done;
}
