import { setTimeout as wait } from 'node:timers/promises';
import type { Db } from 'mongodb';
import { knobsText, owedMs, type Knobs } from '../../src/core/knobs';
import { readKnobs } from './knobs';
import { adapt, FIRST_PACE, held, type Pace } from './pace';
import type { Pinger } from './pinger';

/** Holds the pace of windows: as fast as the application does not notice, or as the operator says. */
export class Governor {
  private measured: Pace = FIRST_PACE;
  private knobs: Knobs = {};
  private asked = -Infinity;
  private adapted = performance.now();

  constructor(
    private readonly of: { readonly lane: Db; readonly run: string; readonly signal: AbortSignal },
    private readonly pinger: Pinger,
  ) {}

  /** Of the next window. */
  get docs(): number {
    return held(this.measured, this.knobs).docs;
  }

  /** What an operator has set, for whoever looks at the progress. */
  get said(): string {
    const text = knobsText(this.knobs);
    return text === '' ? '' : ` (set: ${text})`;
  }

  /** After a window of so many documents that took so long: waits as long as the pace says. */
  async between(docs: number, tookMs: number): Promise<void> {
    const now = performance.now();
    if (now - this.asked > KNOBS_EVERY_MS) {
      this.asked = now;
      this.knobs = await readKnobs(this.of.lane, this.of.run);
      await this.pinger.calibrate();
    }
    if (now - this.adapted > ADAPT_EVERY_MS) {
      const found = this.pinger.take();
      if (found !== undefined) {
        this.adapted = now;
        this.measured = adapt(this.measured, found, this.pinger.idleMs);
      }
    }
    const pauseMs = Math.max(held(this.measured, this.knobs).pauseMs, owedMs(docs, tookMs, this.knobs));
    if (pauseMs > 0) await wait(pauseMs, undefined, { signal: this.of.signal });
  }
}

const KNOBS_EVERY_MS = 1_000;
const ADAPT_EVERY_MS = 200;
