import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { CompiledPlan } from '../../src/core/plan';
import type { Tuning } from '../../src/core/run-input';
import { startRun } from '../../src/runtime/client';
import { ensureSearchAttributes } from '../../src/runtime/search-attributes';
import { connectTemporal, type TemporalClient } from '../../src/runtime/temporal';
import { MESSAGE_SAFETY } from '../../src/runtime/worker';
import { workflowIdFor } from '../../src/runtime/workflow-id';
import { BenchRun } from './bench-run';
import { fakeActivities } from './fake-activities';
import { FakeTarget } from './fake-target';
import { installQuietRuntime } from './quiet-runtime';
import { testServers } from './servers';
import { workflowBundle } from './workflow-bundle';
import { runInput, WORKFLOW_PLAN } from './workflow-plan';

export interface StartOptions {
  readonly plan?: CompiledPlan;
  readonly prepare?: (target: FakeTarget) => void;
  readonly tuning?: Tuning;
}

/** Today's workflows on the test server, in a worker of this process, with activities that only remember. */
export class WorkflowBench {
  private readonly runs: BenchRun[] = [];

  private constructor(
    readonly temporal: TemporalClient,
    private readonly native: NativeConnection,
    private readonly worker: Worker,
    private readonly running: Promise<void>,
    private readonly targets: Map<string, FakeTarget>,
  ) {}

  static async open(options: Partial<WorkerOptions> = {}): Promise<WorkflowBench> {
    installQuietRuntime();
    const address = testServers().temporal;
    const temporal = await connectTemporal({ address, namespace: 'default' });
    const native = await NativeConnection.connect({ address });
    await ensureSearchAttributes({ connection: native, address, namespace: 'default', register: true });
    const targets = new Map<string, FakeTarget>();
    const worker = await Worker.create({
      connection: native,
      taskQueue: `workflow-${unique()}`,
      identity: 'worker',
      workflowBundle: await workflowBundle(),
      activities: fakeActivities((id) => found(targets, id)),
      ...MESSAGE_SAFETY,
      maxHeartbeatThrottleInterval: '100ms',
      defaultHeartbeatThrottleInterval: '100ms',
      ...options,
    });
    return new WorkflowBench(temporal, native, worker, worker.run(), targets);
  }

  /** Starts a run of the plan on a target of its own; `prepare` may tell the target what it shall do. */
  async start({ plan = WORKFLOW_PLAN, prepare, tuning }: StartOptions = {}): Promise<BenchRun> {
    const named = { ...plan, name: `${plan.name}-${unique()}` };
    const target = new FakeTarget();
    prepare?.(target);
    const input = runInput(named, tuning);
    this.targets.set(workflowIdFor(named.home, named.name), target);
    const started = await startRun({ temporal: this.temporal, taskQueue: this.worker.options.taskQueue, input });
    if (!started.ok) throw new Error(started.reason);
    const run = new BenchRun(this.temporal, started.workflowId, started.runId, input, target);
    this.runs.push(run);
    return run;
  }

  /** No test may leave a workflow task that failed, whatever else it was about. */
  async afterEach(): Promise<void> {
    for (const run of this.runs.splice(0)) {
      const failures = await run.taskFailures();
      await run.discard();
      if (failures.length > 0) throw new Error(`A workflow task of ${run.workflowId} failed: ${failures.join('; ')}`);
    }
  }

  async close(): Promise<void> {
    this.worker.shutdown();
    await this.running;
    await this.native.close();
    await this.temporal.close();
  }
}

function found(targets: ReadonlyMap<string, FakeTarget>, workflowId: string): FakeTarget {
  const target = targets.get(workflowId);
  if (!target) throw new Error(`No target was made for workflow "${workflowId}".`);
  return target;
}

let serial = 0;

function unique(): string {
  serial += 1;
  return `${Date.now().toString(36)}${process.pid.toString(36)}${serial.toString(36)}`;
}
