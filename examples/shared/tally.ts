import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly maxMs: number;
}

export interface Summary extends Latency {
  readonly writes: number;
  readonly ok: number;
  readonly refused: number;
  readonly unknown: number;
  readonly reads: number;
  readonly readErrors: number;
  readonly leaks: number;
  /** Requests that reached for another organisation's rows; such writes are not among `writes`. */
  readonly attacks: number;
  /** Requests that were never sent because the application was too far behind. */
  readonly skipped: number;
  readonly firstError: string | null;
}

export type Count = 'ok' | 'refused' | 'unknown' | 'reads' | 'readErrors' | 'attacks' | 'skipped';

/** Counts everything from start to end, and latencies of the current second apart. Milliseconds with two decimals. */
export class Tally {
  private readonly counts: Record<Count, number> = {
    ok: 0,
    refused: 0,
    unknown: 0,
    reads: 0,
    readErrors: 0,
    attacks: 0,
    skipped: 0,
  };
  private readonly whole = createHistogram();
  private second = createHistogram();
  private leaks = 0;
  private firstError: string | null = null;

  count(what: Count, error?: string): void {
    this.counts[what] += 1;
    this.firstError ??= error ?? null;
  }

  leak(rows: number): void {
    this.leaks += rows;
  }

  took(ms: number): void {
    const microseconds = Math.max(1, Math.round(ms * 1000));
    this.whole.record(microseconds);
    this.second.record(microseconds);
  }

  summary(): Summary {
    const { ok, refused, unknown, reads, readErrors, attacks, skipped } = this.counts;
    const writes = ok + refused + unknown;
    const { leaks, firstError } = this;
    return {
      writes,
      ok,
      refused,
      unknown,
      ...latency(this.whole),
      leaks,
      reads,
      readErrors,
      attacks,
      skipped,
      firstError,
    };
  }

  /** The second that has just passed; begins a new one. */
  takeSecond(): Latency & { readonly requests: number } {
    const { second } = this;
    this.second = createHistogram();
    return { requests: second.count, ...latency(second) };
  }
}

function latency(histogram: RecordableHistogram): Latency {
  if (histogram.count === 0) return { p50: 0, p99: 0, maxMs: 0 };
  const ms = (microseconds: number): number => Math.round(microseconds / 10) / 100;
  return { p50: ms(histogram.percentile(50)), p99: ms(histogram.percentile(99)), maxMs: ms(histogram.max) };
}
