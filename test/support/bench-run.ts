import { setTimeout as pause } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { History } from '@temporalio/common/lib/proto-utils';
import type { DecisionMessage } from '../../src/core/decision';
import type { OperateMessage, OperateVerb } from '../../src/core/operate-message';
import type { Phase } from '../../src/core/phase';
import type { RunInput } from '../../src/core/run-input';
import { gateState, type GateState, type RunState } from '../../src/core/state';
import { sendDecision, sendOperate, type Sent } from '../../src/runtime/client';
import type { TemporalClient } from '../../src/runtime/temporal';
import type { RunOutcome } from '../../workflows/cutover';
import { statusQuery } from '../../workflows/messages';
import type { FakeTarget } from './fake-target';

/** One run under test: what people send it and what it says of itself. */
export class BenchRun {
  /** Between two looks at the state, ms. A worker without a cache replays the whole run for each. */
  lookEvery = 25;

  constructor(
    readonly temporal: TemporalClient,
    readonly workflowId: string,
    readonly firstRunId: string,
    readonly input: RunInput,
    readonly target: FakeTarget,
  ) {}

  get handle(): WorkflowHandle {
    return this.temporal.client.workflow.getHandle(this.workflowId);
  }

  state(): Promise<RunState> {
    return this.handle.query(statusQuery);
  }

  /** Asks until the state is as wanted; 30 s at most. */
  async until(wanted: (state: RunState) => boolean, what: string): Promise<RunState> {
    const deadline = Date.now() + 30_000;
    for (;;) {
      const state = await this.state();
      if (wanted(state)) return state;
      if (Date.now() > deadline) throw new Error(`${what} did not come; the run is: ${JSON.stringify(state, null, 1)}`);
      await pause(this.lookEvery);
    }
  }

  untilStatus(status: RunState['status']): Promise<RunState> {
    return this.until((s) => s.status === status, `Status ${status}`);
  }

  /** The open gate, with what a decision must quote. `not` tells a nonce that has been seen. */
  async untilOpen(phase: Phase, not?: string): Promise<GateState> {
    const isOpen = (s: RunState): boolean =>
      gateState(s, phase)?.status === 'open' && gateState(s, phase)?.nonce !== not;
    const gate = gateState(await this.until(isOpen, `The gate before ${phase}`), phase);
    if (!gate) throw new Error(`There is no gate before ${phase}.`);
    return gate;
  }

  /** A decision on what the gate shows now. */
  async decision(phase: Phase, approver: string, more: Partial<DecisionMessage> = {}): Promise<DecisionMessage> {
    const gate = gateState(await this.state(), phase);
    return {
      gate: phase,
      nonce: gate?.nonce ?? 'none yet',
      planDigest: this.input.planDigest,
      evidenceDigest: gate?.evidence?.digest ?? 'none yet',
      decision: 'approve',
      approver,
      ...more,
    };
  }

  async decide(phase: Phase, approver: string, more: Partial<DecisionMessage> = {}): Promise<Sent> {
    const message = await this.decision(phase, approver, more);
    return sendDecision({ temporal: this.temporal, workflowId: this.workflowId, message });
  }

  /** Waits for the gate and approves it by these people. */
  async pass(phase: Phase, ...approvers: readonly string[]): Promise<void> {
    await this.untilOpen(phase);
    for (const approver of approvers) counted(await this.decide(phase, approver), `${approver} approves ${phase}`);
  }

  async operate(verb: OperateVerb, as: string, more: Partial<OperateMessage> = {}): Promise<Sent> {
    const { temporal, workflowId } = this;
    return sendOperate({ temporal, workflowId, message: { verb, as, ...more } });
  }

  async must(verb: OperateVerb, as: string, more: Partial<OperateMessage> = {}): Promise<void> {
    counted(await this.operate(verb, as, more), `${as} asks to ${verb}`);
  }

  async result(): Promise<RunOutcome> {
    return (await this.handle.result()) as RunOutcome;
  }

  /** Of every run in the chain of continue-as-new, oldest first. */
  async histories(): Promise<readonly History[]> {
    const found: History[] = [];
    let runId: string | undefined = this.firstRunId;
    while (runId !== undefined) {
      const history: History = await this.historyOf(runId);
      found.push(history);
      runId = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
    }
    return found;
  }

  /** In small pages: a history may be larger than one answer of the server may be. */
  private async historyOf(runId: string): Promise<History> {
    const events: NonNullable<History['events']> = [];
    let nextPageToken: Uint8Array | undefined;
    do {
      const page = await this.temporal.client.workflowService.getWorkflowExecutionHistory({
        namespace: 'default',
        execution: { workflowId: this.workflowId, runId },
        maximumPageSize: 10,
        ...(nextPageToken ? { nextPageToken } : {}),
      });
      events.push(...(page.history?.events ?? []));
      nextPageToken = page.nextPageToken;
    } while (nextPageToken && nextPageToken.length > 0);
    return { events };
  }

  async eventCount(): Promise<number> {
    return (await this.handle.describe()).historyLength;
  }

  /** What the server noted of workflow tasks that failed by their code; must be empty in every test. */
  async taskFailures(): Promise<readonly string[]> {
    const events = (await this.histories()).flatMap((h) => h.events ?? []);
    return events.flatMap(({ workflowTaskFailedEventAttributes: failed }) =>
      failed && !TAKEN_BACK.includes(failed.cause ?? 0)
        ? [`${failed.failure?.message ?? 'without a word'} (cause ${String(failed.cause)})`]
        : [],
    );
  }

  async discard(): Promise<void> {
    const { status } = await this.handle.describe();
    if (status.name === 'RUNNING') await this.handle.terminate('the test is over');
  }
}

/**
 * Tasks that the server itself takes back and hands out again, with more in them: a message came while the task ended the
 * run (UNHANDLED_COMMAND 1, UNHANDLED_UPDATE 31), or more than 100 came while it was under way (FORCE_CLOSE_COMMAND 17).
 */
const TAKEN_BACK: readonly number[] = [1, 17, 31];

export function counted(sent: Sent, what: string): void {
  if (sent.outcome !== 'answered' || !sent.answer.counted) throw new Error(`${what}: ${JSON.stringify(sent)}`);
}
