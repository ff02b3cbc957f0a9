import type { PendingActivity } from '../runtime/read-run';

/** How fast a verb goes, as far as its heartbeats tell. */
export interface Rate {
  /** Units per second over the last half minute; absent until it has moved. */
  readonly perSecond?: number;
  /** Milliseconds until it is through, at this rate. */
  readonly leftMs?: number;
  /** Milliseconds since it last moved, when that is worth saying. */
  readonly stillMs?: number;
}

interface Sample {
  readonly at: number;
  readonly done: number;
}

/** Remembers what the heartbeats told. A new attempt, or another piece of work, begins anew. */
export class Pace {
  private readonly samples = new Map<string, readonly Sample[]>();

  of(activity: PendingActivity, now: number): Rate {
    const told = amountOf(activity.heartbeat);
    if (!told) return {};
    const key = `${activity.type} ${activity.attempt} ${told.doing} ${told.total ?? ''}`;
    const known = this.samples.get(key) ?? [];
    const last = known.at(-1);
    const moved = last === undefined || last.done !== told.done;
    const all = moved ? trimmed([...known, { at: now, done: told.done }], now) : known;
    this.samples.set(key, all);
    return { ...rateOf(all, told), ...stillness(all, now) };
  }
}

interface Amount {
  readonly doing: string;
  readonly done: number;
  readonly total?: number;
  readonly unit?: string;
}

/** Heartbeats come from a worker of any version: each field is looked at. */
export function amountOf(heartbeat: unknown): Amount | undefined {
  if (typeof heartbeat !== 'object' || heartbeat === null) return undefined;
  const { doing, done, total, unit } = heartbeat as Readonly<Record<string, unknown>>;
  if (typeof doing !== 'string' || typeof done !== 'number') return undefined;
  return {
    doing,
    done,
    ...(typeof total === 'number' && total > 0 ? { total } : {}),
    ...(typeof unit === 'string' ? { unit } : {}),
  };
}

/** The newest half minute; of a slow verb the last two samples, however old. */
function trimmed(samples: readonly Sample[], now: number): readonly Sample[] {
  const fresh = samples.filter((s) => now - s.at <= WINDOW_MS);
  return fresh.length >= 2 ? fresh : samples.slice(-2);
}

function rateOf(samples: readonly Sample[], told: Amount): Rate {
  // Time passes at its own rate: what is measured in milliseconds needs no guess.
  if (told.unit === 'ms') return told.total === undefined ? {} : { leftMs: Math.max(0, told.total - told.done) };
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.at <= first.at || last.done <= first.done) return {};
  const perSecond = ((last.done - first.done) * 1000) / (last.at - first.at);
  return told.total === undefined
    ? { perSecond }
    : { perSecond, leftMs: Math.max(0, ((told.total - told.done) * 1000) / perSecond) };
}

function stillness(samples: readonly Sample[], now: number): Rate {
  const stillMs = now - (samples.at(-1)?.at ?? now);
  return stillMs > STILL_MS ? { stillMs } : {};
}

const WINDOW_MS = 30_000;
const STILL_MS = 20_000;
