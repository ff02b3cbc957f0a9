import { setTimeout as wait } from 'node:timers/promises';
import type { Db } from 'mongodb';
import { knobsText, owedMs, type Knobs } from '../../src/core/knobs';
import type { Bystanders } from './bystanders';
import { readKnobs } from './knobs';
import { adapt, adaptAlone, FIRST_PACE, held, median, type Pace } from './pace';
import type { Pinger } from './pinger';

/** Holds the pace of windows: as fast as the application does not notice, or as the operator says. */
export class Governor {
  private measured: Pace = FIRST_PACE;
  private knobs: Knobs = {};
  private asked = -Infinity;
  private looked = -Infinity;
  private adapted = performance.now();
  private alone = false;
  /** Since the pace was last adapted to having the server to ourselves. */
  private windowsMs: number[] = [];

  constructor(
    private readonly of: { readonly lane: Db; readonly run: string; readonly signal: AbortSignal },
    private readonly pinger: Pinger,
    private readonly bystanders: Bystanders,
  ) {}

  /** Of the next window. */
  get docs(): number {
    return held(this.measured, this.knobs).docs;
  }

  /** Whether the next window may be sent before the last one is written: nobody is there to wait behind both. */
  get overlaps(): boolean {
    return this.alone && this.knobs.pauseMs === undefined && this.knobs.maxPerSecond === undefined;
  }

  /** What an operator has set, for whoever looks at the progress. */
  get said(): string {
    const text = knobsText(this.knobs);
    return text === '' ? '' : ` (set: ${text})`;
  }

  /** After a window of so many documents that took so long: waits as long as the pace says. */
  async between(docs: number, tookMs: number): Promise<void> {
    const now = performance.now();
    this.windowsMs.push(tookMs);
    if (now - this.looked > (this.alone ? LOOK_ALONE_EVERY_MS : LOOK_EVERY_MS)) {
      this.looked = now;
      await this.lookAround();
    }
    if (now - this.asked > KNOBS_EVERY_MS) {
      this.asked = now;
      this.knobs = await readKnobs(this.of.lane, this.of.run);
      if (!this.alone) await this.pinger.calibrate();
    }
    if (!this.alone && now - this.adapted > ADAPT_EVERY_MS) {
      const found = this.pinger.take();
      if (found !== undefined) {
        this.adapted = now;
        this.measured = adapt(this.measured, found, this.pinger.idleMs);
      }
    }
    const pauseMs = Math.max(held(this.measured, this.knobs).pauseMs, owedMs(docs, tookMs, this.knobs));
    if (pauseMs > 0) await wait(pauseMs, undefined, { signal: this.of.signal });
  }

  /** Whoever comes is met by small windows, which grow as far as they are not noticed. */
  private async lookAround(): Promise<void> {
    const before = this.alone;
    this.alone = await this.bystanders.areAway();
    this.pinger.rest(this.alone);
    if (this.alone) this.measured = adaptAlone(this.measured, median(this.windowsMs));
    else if (before) this.measured = FIRST_PACE;
    this.windowsMs = [];
  }
}

const KNOBS_EVERY_MS = 1_000;
const ADAPT_EVERY_MS = 200;
const LOOK_EVERY_MS = 1_000;
const LOOK_ALONE_EVERY_MS = 100;
