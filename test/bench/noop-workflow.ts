import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';

export const stopSignal = defineSignal('stop');

const { first, noop } = proxyActivities<{ first(): Promise<void>; noop(): Promise<void> }>({
  startToCloseTimeout: '1 minute',
});

/**
 * Bare activities in bursts, one right after the other as verbs are, with a pause between two bursts, until it is told
 * to stop. The first of a burst is scheduled by a timer, which no verb is: it does not count.
 */
export async function noops(pauseMs: number): Promise<void> {
  let stopped = false;
  setHandler(stopSignal, () => void (stopped = true));
  while (!stopped) {
    await first();
    for (let n = 1; n < BURST; n++) await noop();
    await condition(() => stopped, pauseMs);
  }
}

const BURST = 6;
