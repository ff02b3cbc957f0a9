import type { RunState } from '../../../src/core/state';
import { openMkProptech, type MkProptechStage } from '../../../src/dev/mk-proptech-stage';
import { silent } from '../../../src/dev/progress';
import { connectTemporal } from '../../../src/runtime/temporal';
import type { WritesReport } from '../../../examples/000-mk-proptech/load/check-writes';
import type { Summary } from '../../../examples/shared/tally';
import type { Bench } from '../row';
import { residentKb, runThrough } from '../run-through';
import { openTemporal } from '../temporal';

/** What one run of runbook 000 showed, from preflight to contract: Temporal, a worker process, gates, the real application. */
export interface MongoWholeRun {
  readonly documents: number;
  readonly state: RunState;
  /** Of the worker process, kB: once it polled, and at most. */
  readonly worker: { readonly startKb: number; readonly peakKb: number };
  readonly load: Summary;
  readonly writes: WritesReport;
}

/** One at each size, one after the other; of a quick benchmark only at the large one. */
export async function measureMongoRuns(bench: Bench): Promise<readonly MongoWholeRun[]> {
  const { quick, mongo } = bench.options;
  const runs: MongoWholeRun[] = [];
  for (const size of quick ? [mongo.documents] : [mongo.small, mongo.documents])
    runs.push(
      await bench.progress.step(`whole run of 000 with ${size.toLocaleString('en')} documents`, () =>
        wholeRun(bench, size),
      ),
    );
  return runs;
}

async function wholeRun(bench: Bench, documents: number): Promise<MongoWholeRun> {
  const { rootUri, drop } = await bench.mongo();
  const address = await openTemporal(bench);
  const database = `run_${documents}`;
  const taskQueue = `bench-${database}`;
  const stage = await openMkProptech({
    ...{ runDir: bench.runDir, progress: silent, rootUri, temporalAddress: address, database, taskQueue, documents },
    rate: bench.options.mongo.requests,
    planChanges: [
      [/for: 24h/, 'for: 10s'],
      [/every: 1m/, 'every: 1s'],
    ],
  });
  const worker = await stage.startWorker();
  const temporal = await connectTemporal({ address, namespace: 'default' });
  try {
    const startKb = await residentKb(worker.pid, 'VmRSS');
    const { state } = await runThrough(temporal, stage.planFolder, taskQueue);
    const peakKb = await residentKb(worker.pid, 'VmHWM');
    const load = await stage.load.stop();
    const writes = await stage.checkWrites('tenant-default');
    return { documents, state, worker: { startKb, peakKb }, load, writes };
  } finally {
    await temporal.close();
    await worker.stop();
    await leave(stage);
    await drop(database);
  }
}

async function leave({ load, control, webhooks }: MkProptechStage): Promise<void> {
  await load.stop();
  await control.worker('stop').catch(() => undefined);
  await control.stop();
  await webhooks.close();
}
