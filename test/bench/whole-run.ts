import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { RunState } from '../../src/core/state';
import { silent } from '../../src/dev/progress';
import { openStage, WITHOUT_MANUAL, type Stage } from '../../src/dev/stage';
import type { WritesReport } from '../../examples/003-client-id/load/check-writes';
import { connectTemporal } from '../../src/runtime/temporal';
import { startAppLoad, type Sample } from './app-load-process';
import { startNoops } from './noops';
import { residentKb, runThrough } from './run-through';
import { openTemporal } from './temporal';
import type { Bench } from './row';
import { activityTimes, type ActivityTime } from './verb-times';

/** What one run of the tool showed, from preflight to contract, through Temporal, its own worker process and its gates. */
export interface WholeRun {
  readonly rows: number;
  readonly state: RunState;
  /** When the application was watched before anything happened; epoch milliseconds. */
  readonly idle: readonly [from: number, to: number];
  /** Every request to the application. */
  readonly samples: readonly Sample[];
  /** The verbs, and the bare activities that ran beside them on the same server. */
  readonly verbs: readonly ActivityTime[];
  readonly noops: readonly ActivityTime[];
  /** Of the worker process, kB: once it polled, and at most. */
  readonly worker: { readonly startKb: number; readonly peakKb: number };
  readonly writes: WritesReport;
}

/** So many runs, one after the other, each on a database and with a worker of its own. */
export async function measureWholeRuns(bench: Bench): Promise<readonly WholeRun[]> {
  const runs: WholeRun[] = [];
  for (let n = 1; n <= bench.options.repeats; n++)
    runs.push(
      await bench.progress.step(`whole run ${n} of ${bench.options.repeats}`, () => wholeRun(bench, `app${n}`)),
    );
  return runs;
}

async function wholeRun(bench: Bench, database: string): Promise<WholeRun> {
  const { options } = bench;
  const rows = options.sizes.large;
  const server = await bench.server();
  const address = await openTemporal(bench);
  const stage = await openStage({
    runDir: bench.runDir,
    progress: silent,
    superuserUrl: server.superuserUrl,
    clients: server.clients,
    temporalAddress: address,
    database,
    taskQueue: `bench-${database}`,
    rows,
    rate: 1, // stopped at once: the load below takes its place
    planChanges: [[/for: 24h/, 'for: 10s'], [/every: 1m/, 'every: 1s'], WITHOUT_MANUAL],
  });
  await settled(stage);
  const worker = await stage.startWorker();
  const temporal = await connectTemporal({ address, namespace: 'default' });
  const load = await startAppLoad({ bench, stage, name: database });
  try {
    const startKb = await residentKb(worker.pid, 'VmRSS');
    await sleep(3_000); // connections open, statements prepared
    const idle = [Date.now(), await after(options.idleMs)] as const;
    const noops = await startNoops(address, `bench-noop-${database}`);
    const { state, workflowId } = await runThrough(temporal, stage.planFolder, `bench-${database}`);
    const bare = await noops.stop();
    const peakKb = await residentKb(worker.pid, 'VmHWM');
    const samples = await load.stop();
    const verbs = await activityTimes(temporal, workflowId);
    return {
      rows,
      state,
      idle,
      samples,
      verbs,
      noops: bare,
      worker: { startKb, peakKb },
      writes: await stage.checkWrites(true),
    };
  } finally {
    await load.stop();
    await temporal.close();
    for (const child of [worker, stage.load, stage.reader, stage.app]) await child.stop();
    await server.drop(database);
  }
}

/** A bulk load leaves work for autovacuum and the next checkpoint behind; neither is the tool's. */
async function settled(stage: Stage): Promise<void> {
  const client = new Client({ connectionString: stage.urls.superuser, application_name: 'bench' });
  await client.connect();
  await client.query('VACUUM (ANALYZE)');
  await client.query('CHECKPOINT');
  await client.end();
}

async function after(ms: number): Promise<number> {
  await sleep(ms);
  return Date.now();
}
