import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { decideUpdate, operateUpdate } from '../../workflows/messages';
import type { DecisionMessage } from '../core/decision';
import { describeError } from '../core/failure';
import { shortDigest } from '../core/json';
import type { Answer, OperateMessage } from '../core/operate-message';
import type { RunInput } from '../core/run-input';
import { HOME_ATTRIBUTE, PHASE_ATTRIBUTE, STATUS_ATTRIBUTE } from '../core/search-attributes';
import { grpcCode, type TemporalClient } from './temporal';
import { workflowIdFor } from './workflow-id';

export interface StartRun {
  readonly temporal: TemporalClient;
  readonly taskQueue: string;
  readonly input: RunInput;
}

export type Started =
  | { readonly ok: true; readonly workflowId: string; readonly runId: string }
  | { readonly ok: false; readonly workflowId: string; readonly reason: string };

/** Starts a run. A second one of the same plan on the same home is refused by Temporal while the first is open. */
export async function startRun({ temporal, taskQueue, input }: StartRun): Promise<Started> {
  const { plan, planDigest, requestedBy } = input;
  const workflowId = workflowIdFor(plan.home, plan.name);
  try {
    const handle = await temporal.client.workflow.start('cutover', {
      workflowId,
      taskQueue,
      args: [input],
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      typedSearchAttributes: [
        { key: PHASE_ATTRIBUTE, value: 'preflight' },
        { key: STATUS_ATTRIBUTE, value: 'running' },
        { key: HOME_ATTRIBUTE, value: plan.home },
      ],
      memo: { planDigest },
      staticSummary: `${plan.name} on ${plan.home} (${plan.environment})`.slice(0, 190),
      staticDetails: `Plan \`${plan.name}\`, digest \`${shortDigest(planDigest)}\`, ${plan.steps.length} steps, requested by ${requestedBy}.`,
    });
    return { ok: true, workflowId, runId: handle.firstExecutionRunId };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      return {
        ok: false,
        workflowId,
        reason: `A run of plan ${plan.name} on ${plan.home} is open already; look at it with \`cutover status --plan ${plan.name}\`, or end it with \`cutover abort\`.`,
      };
    }
    if (grpcCode(error) === INVALID_ARGUMENT && /search attribute/i.test(describeError(causeOf(error)))) {
      return {
        ok: false,
        workflowId,
        reason:
          'The namespace does not know the search attributes of cutover; start a worker once with `cutover worker --register`.',
      };
    }
    throw error;
  }
}

export type Sent =
  | { readonly outcome: 'answered'; readonly answer: Answer }
  | { readonly outcome: 'refused'; readonly reason: string }
  /** Nobody answered in time: the message may count or not. Sending it again is safe. */
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'no-run' };

export interface Send<M> {
  readonly temporal: TemporalClient;
  readonly workflowId: string;
  readonly message: M;
}

/** The id makes a repeated decision one decision: same opening of the gate, same person, same word. */
export async function sendDecision({ temporal, workflowId, message }: Send<DecisionMessage>): Promise<Sent> {
  const updateId = `decide/${message.gate}/${message.nonce}/${message.approver}/${message.decision}`;
  return send(
    () => temporal.client.workflow.getHandle(workflowId).executeUpdate(decideUpdate, { args: [message], updateId }),
    temporal,
  );
}

export async function sendOperate({ temporal, workflowId, message }: Send<OperateMessage>): Promise<Sent> {
  return send(
    () => temporal.client.workflow.getHandle(workflowId).executeUpdate(operateUpdate, { args: [message] }),
    temporal,
  );
}

async function send(update: () => Promise<Answer>, { client }: TemporalClient): Promise<Sent> {
  try {
    return { outcome: 'answered', answer: await client.withDeadline(Date.now() + UPDATE_MS, update) };
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) return { outcome: 'refused', reason: refusal(error) };
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return { outcome: 'unknown' };
    if (error instanceof WorkflowNotFoundError) return { outcome: 'no-run' };
    if (grpcCode(error) === DEADLINE_EXCEEDED) return { outcome: 'unknown' };
    throw error;
  }
}

function refusal(error: WorkflowUpdateFailedError): string {
  return error.cause instanceof ApplicationFailure ? error.cause.message : describeError(error.cause ?? error);
}

function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}

const UPDATE_MS = 15_000;
const INVALID_ARGUMENT = 3;
const DEADLINE_EXCEEDED = 4;
