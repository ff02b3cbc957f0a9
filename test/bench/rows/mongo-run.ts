import { heldOfRun } from '../mongo/held-of-run';
import type { MongoWholeRun } from '../mongo/whole-run';
import type { Line, Measured, Row } from '../row';
import { largest, ms, times } from '../stats';

/** Runbook 000 from end to end: what its freeze held the real application for, and what its worker needed. */
export const mongoRunRow: Row = {
  id: 'mongo-run',
  engine: 'mongodb',
  title: 'Whole runs of runbook 000',
  measure: async (bench) => report(await bench.mongoRuns()),
};

function report(runs: readonly MongoWholeRun[]): Measured {
  const [few, many] = [runs[0], runs.at(-1)];
  if (!few || !many) throw new Error('There was no whole run.');
  const peak = largest(runs.map((r) => r.worker.peakKb));
  const start = largest(runs.map((r) => r.worker.startKb));
  const lost = runs.reduce((sum, { writes }) => sum + writes.ok - writes.found, 0);
  const held = (run: MongoWholeRun): Line => ({
    what: `freeze held in a whole run, ${run.documents.toLocaleString('en')} documents`,
    measured: ms(heldOfRun(run.state)),
    target: '-',
    ratio: '',
  });
  return {
    lines: [
      ...runs.map(held),
      ...(runs.length > 1 ? [grown(heldOfRun(many.state) / heldOfRun(few.state))] : []),
      {
        what: 'writes promised and not found',
        measured: `${lost} of ${runs.reduce((sum, { writes }) => sum + writes.ok, 0)}`,
        target: '0',
        ratio: '',
        met: lost === 0,
      },
      {
        what: `worker RSS at most, whole run of ${many.documents.toLocaleString('en')} documents`,
        measured: `${Math.round(peak / 1024)} MiB (idle ${Math.round(start / 1024)})`,
        target: '<= 300 MB',
        ratio: '',
        met: (peak * 1024) / 1e6 <= 300,
      },
    ],
    data: runs.map(({ documents, worker, load, writes, state }) => ({
      ...{ documents, worker, load },
      writes: { ok: writes.ok, found: writes.found, unknown: writes.unknown },
      steps: state.steps.map(({ id, ms: took, figures }) => ({ id, ms: took, figures })),
    })),
    notes: [
      'Through Temporal, with a worker process, the runbook’s own application under load, and the demo’s people at the gates. The freeze is that of the plan: its ingestion stopped and started, a second of silence listened for, the application deployed in its new build within it.',
      `Application over HTTP, all of the run: p99 ${runs.map((r) => ms(r.load.p99)).join(' and ')}, longest ${runs.map((r) => ms(r.load.maxMs)).join(' and ')}. VmHWM of the worker; zstd is a process of its own.`,
    ],
  };
}

function grown(ratio: number): Line {
  const measured = times(ratio);
  return { what: 'the same, large against small', measured, target: '<= 1.5x', ratio: measured, met: ratio <= 1.5 };
}
