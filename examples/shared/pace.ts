export interface Pace {
  /** Starts no more, and settles when what was started has settled. */
  stop(): Promise<void>;
}

/**
 * Starts `work` `rate` times a second, whether or not earlier work has settled, but never more than `concurrency` at once:
 * what is due then waits, and is told when it was due, so that waiting shows as latency. More than ten seconds of waiting
 * work is dropped through `skip`.
 */
export function keepPace(input: {
  readonly rate: number;
  readonly concurrency: number;
  readonly work: (due: number) => Promise<void>;
  readonly skip: () => void;
}): Pace {
  const { rate, concurrency, work, skip } = input;
  const waiting: number[] = [];
  const running = new Set<Promise<void>>();
  const begun = performance.now();
  let issued = 0;
  const pump = (): void => {
    while (running.size < concurrency) {
      const due = waiting.shift();
      if (due === undefined) return;
      const one: Promise<void> = work(due).finally(() => {
        running.delete(one);
        pump();
      });
      running.add(one);
    }
  };
  const timer = setInterval(() => {
    const now = performance.now();
    for (const target = ((now - begun) / 1000) * rate; issued < target; issued += 1) {
      if (waiting.length < rate * 10) waiting.push(now);
      else skip();
    }
    pump();
  }, 5);
  return {
    stop: async () => {
      clearInterval(timer);
      waiting.length = 0;
      await Promise.all(running);
    },
  };
}
