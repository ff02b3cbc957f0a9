import { PHASES } from '../../../src/core/phase';
import type { Line, Measured, Row } from '../row';
import { largest, median, ms, percentile, times } from '../stats';
import type { WholeRun } from '../whole-run';

/** What the application's customers feel of each phase. */
export const latencyRow: Row = {
  id: 'latency',
  engine: 'postgres',
  title: 'Application p99 per phase of a whole run',
  measure: async (bench) => report(await bench.wholeRuns(), bench.options.requests),
};

const JUDGED = ['expand', 'backfill', 'validate', 'cutover'];

interface PhaseLatency {
  readonly phase: string;
  readonly requests: number;
  readonly p50: number;
  readonly p99: number;
  readonly maxMs: number;
  /** p99 against the idle p99 of the same run. */
  readonly ratio: number;
}

interface RunLatency {
  readonly idle: PhaseLatency;
  readonly phases: readonly PhaseLatency[];
}

function report(runs: readonly WholeRun[], rate: number): Measured {
  const all = runs.map(latencies);
  const idle = median(all.map((r) => r.idle.p99));
  const line = (phase: string): Line => {
    const own = all.flatMap((r) => r.phases.filter((p) => p.phase === phase));
    const ratio = median(own.map((p) => p.ratio));
    const judged = JUDGED.includes(phase);
    return {
      what: `application p99, ${phase}`,
      measured: `${ms(median(own.map((p) => p.p99)))} (longest ${ms(largest(own.map((p) => p.maxMs)))})`,
      target: judged ? '<= 3x idle' : '-',
      ratio: times(ratio),
      ...(judged ? { met: ratio <= 3 } : {}),
    };
  };
  const named = [...new Set(all.flatMap((r) => r.phases.map((p) => p.phase)))];
  return {
    lines: [{ what: 'application p99, idle', measured: ms(idle), target: '-', ratio: '1.00x' }, ...named.map(line)],
    data: all,
    notes: [
      `${runs.length} whole runs of ${runs[0]?.rows.toLocaleString('en')} rows, ${rate} requests a second to the example's application over HTTP (two in three write), medians of the runs; latency counts from when a request was due.`,
      'A phase lasts from its first step to the end of its last, so the people’s time at a gate is not in it; a phase shorter than a second is widened to one, or its p99 would be its maximum.',
      `Freeze held in these runs, as the step says: ${runs.map((r) => ms(Number(r.state.steps.find((s) => s.id === 'cutover/freeze')?.figures?.['heldMs']))).join(', ')}. Writes promised ${runs.map((r) => r.writes.promised).join(', ')}, found ${runs.map((r) => r.writes.found).join(', ')}.`,
    ],
  };
}

function latencies(run: WholeRun): RunLatency {
  const idle = within(run, 'idle', run.idle);
  const phases = PHASES.flatMap((phase) => {
    const steps = run.state.steps.filter((s) => s.id.startsWith(`${phase}/`) && s.startedAt && s.endedAt);
    if (steps.length === 0) return [];
    return windowsOf(
      phase,
      steps.map((s) => [s.id, Date.parse(s.startedAt ?? ''), Date.parse(s.endedAt ?? '')] as const),
    ).map(([name, from, to]) => {
      const found = within(run, name, atLeastASecond(from, to));
      return { ...found, ratio: found.p99 / idle.p99 };
    });
  });
  return { idle, phases };
}

/** One window a phase; the backup and its drill are two loads of their own. */
function windowsOf(
  phase: string,
  steps: readonly (readonly [id: string, from: number, to: number])[],
): readonly (readonly [string, number, number])[] {
  if (phase === 'backup') return steps.map(([id, from, to]) => [id, from, to]);
  return [[phase, Math.min(...steps.map((s) => s[1])), Math.max(...steps.map((s) => s[2]))]];
}

function atLeastASecond(from: number, to: number): readonly [number, number] {
  const missing = Math.max(0, 1000 - (to - from)) / 2;
  return [from - missing, to + missing];
}

function within(run: WholeRun, phase: string, [from, to]: readonly [number, number]): PhaseLatency {
  const own = run.samples.filter(([at]) => at >= from && at < to).map(([, took]) => took);
  return {
    phase,
    requests: own.length,
    p50: percentile(own, 0.5),
    p99: percentile(own, 0.99),
    maxMs: largest(own),
    ratio: 1,
  };
}
