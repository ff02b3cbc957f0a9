import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import type { Phase } from '../../src/core/phase';
import type { CompiledPlan } from '../../src/core/plan';
import type { Tuning } from '../../src/core/run-input';
import type { Verb } from '../../src/core/step';
import { runCommand, type CommandResult } from '../../src/dev/command';
import { startLineProcess, type LineProcess } from '../../src/dev/line-process';
import { silent } from '../../src/dev/progress';
import { projectRoot } from '../../src/dev/project-root';
import { openRunDir } from '../../src/dev/run-dir';
import { openStage, WITHOUT_MANUAL, type Stage, type StageOptions } from '../../src/dev/stage';
import { compilePlanFile } from '../../src/plan/compile-file';
import { startRun, type Started } from '../../src/runtime/client';
import { connectTemporal } from '../../src/runtime/temporal';
import { RunScenario, type RunUnderTest } from './run-scenario';
import { testServers } from './servers';
import { connect, ignoreMissing } from './superuser';
import { startTcpProxy, type TcpProxy } from './tcp-proxy';

export interface ScenarioOptions {
  /** Short and unlike any other test's: databases, queue, plan and workflow id are named after it. */
  readonly name: string;
  readonly rows?: number;
  /** Requests per second of the application. */
  readonly rate?: number;
  readonly planChanges?: StageOptions['planChanges'];
  readonly configChanges?: StageOptions['configChanges'];
  /** Servers of a file's own, which it stops and starts; default: those of the global setup. */
  readonly servers?: { readonly temporal: string; readonly superuserUrl: string; readonly clients: string };
}

/** Small intervals: a dead worker is noticed within 1.5 s. Many attempts, since tests make many fail. */
export const TEST_TUNING = { heartbeatMs: 1_500, retryMs: 100, attempts: 20 } satisfies Tuning;

/**
 * One run of runbook 003 on a live application of its own, that a test may hurt: workers as processes, the tool's
 * database behind a proxy, people who approve what they are told to.
 */
export class Scenario extends RunScenario implements AsyncDisposable {
  /** Said by the next start: why the run before was rolled back. */
  rootCause?: string;

  private constructor(
    run: RunUnderTest,
    readonly stage: Stage,
    private superuser: Client,
    /** Between the workers and the database. */
    readonly proxy: TcpProxy,
    private readonly address: string,
  ) {
    super(run);
  }

  static async open(options: ScenarioOptions): Promise<Scenario> {
    const { temporal: address, superuserUrl, clients } = options.servers ?? testServers();
    const runDir = openRunDir('fault');
    const taskQueue = `fault-${options.name}`;
    const stage = await openStage({
      runDir,
      progress: silent,
      superuserUrl,
      clients,
      temporalAddress: address,
      database: `fault_${options.name.replaceAll('-', '_')}`,
      taskQueue,
      rows: options.rows ?? 2_000,
      rate: options.rate ?? 30,
      planChanges: [
        [/^name: .*$/m, `name: ${options.name}`],
        [/for: 24h/, 'for: 1s'],
        [/every: 1m/, 'every: 400ms'],
        WITHOUT_MANUAL,
        ...(options.planChanges ?? []),
      ],
      ...(options.configChanges ? { configChanges: options.configChanges } : {}),
    });
    const compiled = await compilePlanFile(join(stage.planFolder, 'plan.yaml'));
    if (!compiled.ok) throw new Error(`The plan does not compile: ${JSON.stringify(compiled.problems)}`);
    const temporal = await connectTemporal({ address, namespace: 'default' });
    const db = await connect(stage.urls.superuser);
    const { hostname: host, port } = new URL(superuserUrl);
    const proxy = await startTcpProxy({ host, port: Number(port) });
    const { plan, digest: planDigest } = compiled;
    return new Scenario({ plan, planDigest, temporal, taskQueue, runDir }, stage, db, proxy, address);
  }

  /** A superuser in the application's database: looks, and plays the one who changes things behind the run. */
  get db(): Client {
    return this.superuser;
  }

  /** After the database was away. */
  async reconnect(): Promise<void> {
    await this.superuser.end().catch(() => undefined);
    this.superuser = await connect(this.stage.urls.superuser);
  }

  /** A worker of its own process; it polls when the promise settles. Its database is behind the proxy. */
  async startWorker(): Promise<LineProcess> {
    const { urls, planFolder } = this.stage;
    const worker = startLineProcess({
      name: `worker ${this.workers.length + 1} of ${this.plan.name}`,
      script: join(projectRoot(), 'lib', 'src', 'cli', 'main.js'),
      args: ['worker', '--json', '--register'],
      cwd: planFolder,
      env: {
        TEMPORAL_ADDRESS: this.address,
        APP_DATABASE_URL: this.proxy.through(urls.cutover),
        APP_ROLE_URL: urls.app,
        SCRATCH_URL: urls.scratch,
      },
      logFile: this.workerLog,
    });
    this.workers.push(worker);
    await worker.first('ready');
    return worker;
  }

  /** A command of the CLI, as somebody types it in the plan's folder. */
  cli(...args: readonly string[]): Promise<CommandResult> {
    const { PATH, HOME } = process.env;
    return runCommand({
      command: process.execPath,
      args: [join(projectRoot(), 'lib', 'src', 'cli', 'main.js'), ...args],
      cwd: this.stage.planFolder,
      env: { ...(PATH ? { PATH } : {}), ...(HOME ? { HOME } : {}), TEMPORAL_ADDRESS: this.address },
    });
  }

  tryStart(tuning: Tuning = TEST_TUNING, plan: CompiledPlan = this.plan): Promise<Started> {
    const { rootCause } = this;
    const cause = rootCause === undefined ? {} : { rootCause };
    const input = { plan, planDigest: this.planDigest, requestedBy: 'lead-1', tuning, ...cause };
    return startRun({ temporal: this.temporal, taskQueue: this.taskQueue, input });
  }

  /** Starts the run, and people who approve every gate of `gates` that opens. */
  async start(gates: readonly Phase[] = ['expand', 'cutover', 'contract'], tuning?: Tuning): Promise<void> {
    const started = await this.tryStart(tuning);
    if (!started.ok) throw new Error(started.reason);
    this.approveFromNowOn(gates);
  }

  /** Until the ledger has the start row of this verb: the attempt is under way. Looks every few milliseconds. */
  async begun(step: string, verb: Verb = 'do', patienceMs = 120_000): Promise<void> {
    await this.seen(
      `the start of ${verb} ${step}`,
      `SELECT FROM cutover.ledger WHERE run_id LIKE $1 AND step = $2 AND verb = $3 AND event = 'start'`,
      [`${this.plan.name}.%`, step, verb],
      patienceMs,
    );
  }

  async finished(step: string, verb: Verb = 'do', patienceMs = 120_000): Promise<void> {
    await this.seen(
      `the end of ${verb} ${step}`,
      `SELECT FROM cutover.ledger WHERE run_id LIKE $1 AND step = $2 AND verb = $3 AND event = 'end'`,
      [`${this.plan.name}.%`, step, verb],
      patienceMs,
    );
  }

  /** Until a query finds a row. A table that is not there yet counts as none. */
  async seen(what: string, sql: string, values: readonly unknown[] = [], patienceMs = 60_000): Promise<void> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const rows = await this.db.query(sql, [...values]).then((r) => r.rowCount ?? 0, ignoreMissing);
      if (rows > 0) return;
      if (Date.now() > deadline)
        throw new Error(`Waited for ${what}; the run is ${await this.describe(await this.state())}`);
      await sleep(5);
    }
  }

  /** Back to where the workflow was when this step was scheduled, as from the Temporal UI. */
  async reset(step: string): Promise<void> {
    const { connection, client } = this.temporal;
    const handle = client.workflow.getHandle(this.workflowId);
    const { runId } = await handle.describe();
    const { events } = await handle.fetchHistory();
    const at = (events ?? []).find(({ userMetadata }) =>
      Buffer.from(userMetadata?.summary?.data ?? [])
        .toString()
        .startsWith(`"${step}:`),
    );
    await connection.workflowService.resetWorkflowExecution({
      namespace: client.options.namespace,
      workflowExecution: { workflowId: this.workflowId, runId },
      reason: 'fault test',
      requestId: randomUUID(),
      workflowTaskFinishEventId: at?.activityTaskScheduledEventAttributes?.workflowTaskCompletedEventId ?? null,
    });
  }

  /** What the activity under way last told. */
  async progress(): Promise<string> {
    const { raw } = await this.temporal.client.workflow.getHandle(this.workflowId).describe();
    const payload = raw.pendingActivities?.[0]?.heartbeatDetails?.payloads?.[0];
    return Buffer.from(payload?.data ?? []).toString();
  }

  /** Everybody whom a rollback after the cutover asks for. */
  rollback(): Promise<void> {
    return this.rollbackBy(['lead-1', 'dba-1']);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endProcesses();
    const { load, reader, app } = this.stage;
    await Promise.all([load.stop(5_000), reader.stop(5_000)]);
    await app.stop(5_000);
    await this.proxy.close();
    await this.db.end().catch(() => undefined);
    await this.endRun();
  }
}
