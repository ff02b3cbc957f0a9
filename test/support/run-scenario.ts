import { setTimeout as sleep } from 'node:timers/promises';
import { missing } from '../../src/core/gate';
import type { OperateMessage } from '../../src/core/operate-message';
import type { Phase } from '../../src/core/phase';
import type { CompiledPlan } from '../../src/core/plan';
import { ENDED, type RunState } from '../../src/core/state';
import type { LineProcess } from '../../src/dev/line-process';
import { logTail } from '../../src/dev/log-tail';
import type { RunDir } from '../../src/dev/run-dir';
import type { compilePlanFile } from '../../src/plan/compile-file';
import { sendDecision, sendOperate, type Sent } from '../../src/runtime/client';
import type { TemporalClient } from '../../src/runtime/temporal';
import { statusQuery } from '../../workflows/messages';
import { approvers } from './approvers';

export type CompiledDigest = Extract<Awaited<ReturnType<typeof compilePlanFile>>, { ok: true }>['digest'];

/** What a run is known by, on whichever database. */
export interface RunUnderTest {
  readonly plan: CompiledPlan;
  readonly planDigest: CompiledDigest;
  readonly temporal: TemporalClient;
  readonly taskQueue: string;
  readonly runDir: RunDir;
}

/** One run that a test may hurt, as Temporal and the people see it: workers, gates, states, words. */
export abstract class RunScenario {
  protected readonly workers: LineProcess[] = [];
  private readonly clerks: { readonly stop: () => Promise<void> }[] = [];
  readonly plan: CompiledPlan;
  readonly temporal: TemporalClient;
  readonly taskQueue: string;
  protected readonly planDigest: CompiledDigest;
  protected readonly runDir: RunDir;

  protected constructor({ plan, planDigest, temporal, taskQueue, runDir }: RunUnderTest) {
    this.plan = plan;
    this.planDigest = planDigest;
    this.temporal = temporal;
    this.taskQueue = taskQueue;
    this.runDir = runDir;
  }

  get workflowId(): string {
    return `cutover/${this.plan.home}/${this.plan.name}`;
  }

  get workerLog(): string {
    return this.runDir.file('logs', 'workers.log');
  }

  /** The way the kernel ends a process; Temporal is told at once that its sticky queue is gone, which saves ten seconds. */
  async kill(worker: LineProcess): Promise<void> {
    worker.kill('SIGKILL');
    await worker.exited;
    await this.unstick();
  }

  async unstick(): Promise<void> {
    const { connection, client } = this.temporal;
    const { namespace } = client.options;
    await connection.workflowService.resetStickyTaskQueue({ namespace, execution: { workflowId: this.workflowId } });
  }

  /** People who approve every gate of `gates` that opens, instead of those before. */
  approveFromNowOn(gates: readonly Phase[]): void {
    void this.clerks.at(-1)?.stop();
    this.clerks.push(clerk(this, gates));
  }

  /** The state as the workflow has it; undefined while no worker answers. */
  async state(): Promise<RunState | undefined> {
    try {
      const handle = this.temporal.client.workflow.getHandle(this.workflowId);
      return await this.temporal.client.withDeadline(Date.now() + 2_000, () => handle.query(statusQuery));
    } catch {
      return undefined;
    }
  }

  /** Polls until the state is so. A run that parks or ends otherwise is not waited for any longer. */
  async until(what: string, reached: (state: RunState) => boolean, patienceMs = 180_000): Promise<RunState> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const state = await this.state();
      if (state && reached(state)) return state;
      const over = state && (ENDED.includes(state.status) || state.hold?.kind === 'parked');
      if (over || Date.now() > deadline)
        throw new Error(`Waited for ${what}; the run is ${await this.describe(state)}`);
      await sleep(100);
    }
  }

  gate(phase: Phase): Promise<RunState> {
    return this.until(`the gate before ${phase}`, (s) => s.gates.some((g) => g.phase === phase && g.status === 'open'));
  }

  ended(status: RunState['status'] = 'done', patienceMs?: number): Promise<RunState> {
    return this.until(`the end ${status}`, (s) => s.status === status, patienceMs);
  }

  parked(patienceMs?: number): Promise<RunState> {
    return this.until('a parked run', (s) => s.hold?.kind === 'parked', patienceMs);
  }

  operate(verb: OperateMessage['verb'], as = 'lead-1'): Promise<Sent> {
    return sendOperate({
      temporal: this.temporal,
      workflowId: this.workflowId,
      message: { verb, as, comment: 'fault test', planDigest: this.planDigest },
    });
  }

  /** By everybody whom a rollback after the cutover asks for. */
  protected async rollbackBy(people: readonly string[]): Promise<void> {
    for (const person of people) {
      const sent = await this.operate('rollback', person);
      if (sent.outcome === 'refused' && !/already/.test(sent.reason)) throw new Error(sent.reason);
    }
  }

  /** Approves one gate once, by everybody it asks for. */
  async approve(state: RunState, phase: Phase): Promise<void> {
    const gate = state.gates.find((g) => g.phase === phase && g.status === 'open');
    const spec = this.plan.gates[phase];
    if (!gate?.evidence || !gate.nonce || !spec) return;
    const wanting = missing(spec.require, gate.decisions, state.people);
    for (const approver of approvers(wanting, state.people, gate.decisions)) {
      const { planDigest, temporal, workflowId } = this;
      const { nonce, evidence } = gate;
      const decision = { gate: phase, nonce, planDigest, evidenceDigest: evidence.digest, approver };
      await sendDecision({ temporal, workflowId, message: { ...decision, decision: 'approve' } });
    }
  }

  async describe(state: RunState | undefined): Promise<string> {
    const failed =
      state?.steps
        .filter((s) => s.status === 'failed' || s.verdict === 'fail')
        .map((s) => `${s.id}: ${s.summary ?? ''}`) ?? [];
    const why = state?.hold?.reason ?? state?.rollbackReason ?? '';
    const now = state ? `${state.status} in ${state.phase}; ${why}` : 'not answering';
    return [now, ...failed, await logTail(this.workerLog)].join('\n');
  }

  /** No person approves and no worker works any more, stopped ones included. */
  protected async endProcesses(): Promise<void> {
    for (const { stop } of this.clerks) await stop();
    for (const worker of this.workers) {
      worker.kill('SIGCONT');
      worker.kill('SIGKILL');
      await worker.exited;
    }
  }

  /** Last: Temporal forgets the run, and the run's folder goes. */
  protected async endRun(): Promise<void> {
    await this.temporal.client.workflow
      .getHandle(this.workflowId)
      .terminate('the test is over')
      .catch(() => undefined);
    await this.temporal.close();
    await this.runDir.close();
  }
}

/** People who approve what opens, until told to stop. */
function clerk(scenario: RunScenario, gates: readonly Phase[]): { readonly stop: () => Promise<void> } {
  const stop = new AbortController();
  const work = (async () => {
    while (!stop.signal.aborted) {
      const state = await scenario.state();
      for (const phase of state ? gates : []) await scenario.approve(state as RunState, phase).catch(() => undefined);
      await sleep(150, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  })();
  return {
    stop: () => {
      stop.abort();
      return work;
    },
  };
}
