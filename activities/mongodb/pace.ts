import type { Knobs } from '../../src/core/knobs';

/** How hard the backfill works. */
export interface Pace {
  /** Documents per window. */
  readonly docs: number;
  /** Between two windows; milliseconds. */
  readonly pauseMs: number;
}

export const FIRST_PACE: Pace = { docs: 200, pauseMs: 0 };

/**
 * The next pace, from what a read or write of one document costs now against what it cost when nothing was going on
 * (milliseconds). Above the limit it gives way at once, far above it by pauses too when the windows are as small as they
 * get; well below it it grows slowly.
 */
export function adapt(pace: Pace, now: number, idle: number): Pace {
  const ratio = now / Math.max(idle, LEAST_IDLE_MS);
  if (ratio > LIMIT) {
    const docs = Math.max(LEAST, Math.floor(pace.docs / 2));
    const pauses = pace.docs <= LEAST && ratio > LIMIT * PATIENCE;
    return { docs, pauseMs: pauses ? Math.min(MOST_PAUSE_MS, Math.max(2, pace.pauseMs * 2)) : pace.pauseMs };
  }
  if (ratio > LIMIT * COMFORT) return pace;
  if (pace.pauseMs > 0) return { ...pace, pauseMs: pace.pauseMs <= 2 ? 0 : Math.floor(pace.pauseMs / 2) };
  return { ...pace, docs: Math.min(MOST, Math.ceil(pace.docs * 1.25)) };
}

/**
 * The same where nobody but the tool works on the server: windows double until one takes as long as the first operation
 * of an application that comes may wait. Milliseconds.
 */
export function adaptAlone(pace: Pace, windowMs: number): Pace {
  if (windowMs > LONGEST_MS) return { docs: Math.max(LEAST, Math.floor(pace.docs / 2)), pauseMs: 0 };
  return { docs: windowMs > LONGEST_MS / 2 ? pace.docs : Math.min(MOST, pace.docs * 2), pauseMs: 0 };
}

/** What is really done: the operator's word before the measured one. */
export function held(pace: Pace, knobs: Knobs): Pace {
  const docs = knobs.window === undefined ? pace.docs : clamp(knobs.window, 1, MOST);
  return { docs, pauseMs: knobs.pauseMs === undefined ? pace.pauseMs : Math.max(0, knobs.pauseMs) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** The value that one in four exceeds. */
export function upperQuartile(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * 0.75) - 1)] ?? 0;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.floor(value)));
}

/** The application may notice the backfill, up to here: times its idle latency. */
const LIMIT = 3;
/** Part of the limit below which there is room for more. */
const COMFORT = 0.6;
/** Times the limit before the smallest windows pause as well: one of them is no more than a busy machine's own noise. */
const PATIENCE = 2;
/** Below this a window costs its round trip, whatever is in it: smaller ones would take longer and spare nobody. */
const LEAST = 200;
/** Documents per window: more would hold up the application's writes for longer than it takes no notice of. */
export const MOST = 2_000;
const MOST_PAUSE_MS = 20;
const LONGEST_MS = 50;
/** Below this a ratio says nothing: the client's own work and the clock of a busy machine are in it. */
const LEAST_IDLE_MS = 3;
