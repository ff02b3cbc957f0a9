import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { MongoClient, type Db } from 'mongodb';
import { ledgerIn } from '../../activities/mongodb/lane/ledger';
import type { FenceDocument } from '../../activities/mongodb/fence/control';
import type { LedgerRow } from '../../src/core/ledger-row';
import type { Phase } from '../../src/core/phase';
import type { RunInput } from '../../src/core/run-input';
import type { Verb } from '../../src/core/step';
import type { LineProcess } from '../../src/dev/line-process';
import { openMkProptech, WITHOUT_PEOPLE, type MkProptechStage } from '../../src/dev/mk-proptech-stage';
import type { Change } from '../../src/dev/plan-folder';
import { silent } from '../../src/dev/progress';
import { openRunDir } from '../../src/dev/run-dir';
import { startWorkerProcess } from '../../src/dev/worker-process';
import { compilePlanFile } from '../../src/plan/compile-file';
import { startRun, type Started } from '../../src/runtime/client';
import { connectTemporal } from '../../src/runtime/temporal';
import { startMongoProxy, type MongoProxy } from './mongo-proxy';
import { RunScenario, type RunUnderTest } from './run-scenario';

export interface MongoScenarioOptions {
  /** Short and unlike any other test's: database, queue, plan and workflow id are named after it. */
  readonly name: string;
  /** Of the server, with root's password. */
  readonly rootUri: string;
  readonly documents?: number;
  /** Requests per second of the application's load. */
  readonly rate?: number;
  readonly planChanges?: readonly Change[];
  /** Beside, or instead of, what a worker of the stage finds in its environment. */
  readonly workerEnv?: Readonly<Record<string, string>>;
}

/** A dead worker is noticed within 2 s. Many attempts, since tests make many fail. */
const TUNING = { heartbeatMs: 2_000, retryMs: 100, attempts: 20 };

/**
 * One run of runbook 000 on a live application of its own, that a test may hurt: workers as processes, the tool's
 * database behind a proxy, people who approve what they are told to.
 */
export class MongoScenario extends RunScenario implements AsyncDisposable {
  private readonly watchdogs = new Set<number>();

  private constructor(
    run: RunUnderTest,
    readonly options: MongoScenarioOptions,
    readonly stage: MkProptechStage,
    /** As root: looks, and plays the one who changes things behind the run. */
    readonly client: MongoClient,
    /** Between the workers and the application's database. */
    readonly proxy: MongoProxy,
  ) {
    super(run);
  }

  static async open(options: MongoScenarioOptions): Promise<MongoScenario> {
    const address = process.env['CUTOVER_TEST_TEMPORAL'];
    if (!address) throw new Error('Run this test by jest with its project: the global setup starts Temporal.');
    const runDir = openRunDir('fault');
    const taskQueue = `mk-${options.name}`;
    const stage = await openMkProptech({
      runDir,
      progress: silent,
      rootUri: options.rootUri,
      temporalAddress: address,
      database: `mk_${options.name.replaceAll('-', '_')}`,
      taskQueue,
      documents: options.documents ?? 2_000,
      rate: options.rate ?? 30,
      planChanges: [
        [/^name: .*$/m, `name: ${options.name}`],
        [/for: 24h/, 'for: 1s'],
        [/every: 1m/, 'every: 400ms'],
        ...WITHOUT_PEOPLE,
        ...(options.planChanges ?? []),
      ],
    });
    const compiled = await compilePlanFile(join(stage.planFolder, 'plan.yaml'));
    if (!compiled.ok) throw new Error(`The plan does not compile: ${JSON.stringify(compiled.problems)}`);
    const temporal = await connectTemporal({ address, namespace: 'default' });
    const client = await new MongoClient(stage.urls.root, { serverSelectionTimeoutMS: 2_000 }).connect();
    const proxy = await startMongoProxy(stage.urls.tool);
    const { plan, digest: planDigest } = compiled;
    return new MongoScenario({ plan, planDigest, temporal, taskQueue, runDir }, options, stage, client, proxy);
  }

  get db(): Db {
    return this.client.db(this.stage.database);
  }

  get lane(): Db {
    return this.client.db(`cutover_${this.stage.database}`);
  }

  /** A worker of its own process; it polls when the promise settles. Its database is behind the proxy. */
  async startWorker(): Promise<LineProcess> {
    const { planFolder, workerEnv, urls } = this.stage;
    const worker = await startWorkerProcess({
      planFolder,
      env: { ...workerEnv, APP_MONGO_URL: this.proxy.through(urls.tool), ...this.options.workerEnv },
      logFile: this.workerLog,
      name: `worker ${this.workers.length + 1} of ${this.plan.name}`,
    });
    this.workers.push(worker);
    return worker;
  }

  tryStart(more: Partial<RunInput> = {}): Promise<Started> {
    const { plan, planDigest, temporal, taskQueue } = this;
    return startRun({
      temporal,
      taskQueue,
      input: { plan, planDigest, requestedBy: 'lead-1', tuning: TUNING, ...more },
    });
  }

  /** Starts the run, and people who approve every gate of `gates` that opens. */
  async start(
    gates: readonly Phase[] = ['expand', 'cutover', 'contract'],
    more: Partial<RunInput> = {},
  ): Promise<void> {
    const started = await this.tryStart(more);
    if (!started.ok) throw new Error(started.reason);
    this.approveFromNowOn(gates);
  }

  /** Until Temporal has closed it too: only then may the plan be started again. */
  async closed(): Promise<void> {
    await this.temporal.client.workflow.getHandle(this.workflowId).result();
  }

  /** Until the ledger has this row of this verb. A server that is away has none. */
  async row(event: 'start' | 'end', step: string, verb: Verb = 'do', patienceMs = 120_000): Promise<void> {
    await this.seen(
      `the ${event} of ${verb} ${step}`,
      async () => (await this.lane.collection('ledger').countDocuments({ step, verb, event }, { limit: 1 })) > 0,
      patienceMs,
    );
  }

  async fence(): Promise<FenceDocument | undefined> {
    const found = await this.lane.collection<FenceDocument>('fence').findOne({ _id: this.plan.home });
    if (found?.watchdog) this.watchdogs.add(found.watchdog.pid);
    return found ?? undefined;
  }

  /** What the message is about has left the worker, or stands before it: waits for the proxy's rule to strike. */
  async struck(what: string, patienceMs = 120_000): Promise<void> {
    let struck = false;
    void this.proxy.struck().then(() => (struck = true));
    await this.seen(what, () => Promise.resolve(struck), patienceMs);
  }

  async seen(what: string, look: () => Promise<boolean>, patienceMs = 60_000): Promise<void> {
    for (const deadline = Date.now() + patienceMs; !(await look().catch(() => false)); await sleep(10)) {
      if (Date.now() > deadline)
        throw new Error(`Waited for ${what}; the run is ${await this.describe(await this.state())}`);
    }
  }

  /** Every run's rows, run by run. */
  async ledgers(): Promise<ReadonlyMap<string, readonly LedgerRow[]>> {
    const runs = (await this.lane.collection('ledger').distinct('run')) as string[];
    const store = ledgerIn(this.lane);
    return new Map(await Promise.all(runs.map(async (run) => [run, await store.rowsAfter(run, 0, 100_000)] as const)));
  }

  /** Everybody whom a rollback after the cutover asks for. */
  rollback(): Promise<void> {
    return this.rollbackBy(['lead-1', 'sre-1']);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fence().catch(() => undefined);
    await this.endProcesses();
    for (const pid of this.watchdogs) endProcess(pid);
    const { load, control, webhooks } = this.stage;
    await load.stop().catch(() => undefined);
    await control.worker('stop').catch(() => undefined);
    await control.stop().catch(() => undefined);
    await this.proxy.close();
    await webhooks.close();
    await this.client.close();
    await this.endRun();
  }
}

/** Watchdogs outlive their workers on purpose; their database is about to go. */
function endProcess(pid: number): void {
  try {
    process.kill(pid);
  } catch {
    // it has ended by itself
  }
}
