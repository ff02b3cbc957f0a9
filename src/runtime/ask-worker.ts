import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { TimeoutFailure } from '@temporalio/common';
import { describeError } from '../core/failure';
import { redact } from './redact';
import type { TemporalClient } from './temporal';

export interface AskWorker {
  readonly temporal: TemporalClient;
  readonly taskQueue: string;
  /** Type of a short workflow: `inspect`, `release`, `doctor`, `previewLive`, `getKnobs`, `setKnobs`. */
  readonly workflow: string;
  /** The target that is asked; part of the workflow's id. */
  readonly target: string;
  readonly input: unknown;
  /** For messages: `read the ledger of phase-1`. */
  readonly what: string;
  /** Seconds until nobody is waited for any longer. */
  readonly patience?: number;
}

/**
 * The answer of a short workflow on the worker: whoever asks needs no address of any target.
 *
 * @throws WorkerSilent when nobody answered, else WorkerRefused with the worker's own reason.
 */
export async function askWorker(question: AskWorker): Promise<unknown> {
  const { temporal, taskQueue, workflow, target, input, what, patience = 30 } = question;
  try {
    const answer: unknown = await temporal.client.workflow.execute(workflow, {
      workflowId: `cutover-${workflow}/${target}/${randomUUID()}`,
      taskQueue,
      args: [input],
      workflowExecutionTimeout: `${patience}s`,
      staticSummary: what.slice(0, 190),
    });
    return answer;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    if (error.cause instanceof TimeoutFailure)
      throw new WorkerSilent(
        `No worker of queue ${taskQueue} answered within ${patience}s (to ${what}); is one running? Start one with \`cutover worker\`.`,
        { cause: error },
      );
    throw new WorkerRefused(redact(innermost(error)), { cause: error });
  }
}

/** Nobody was there to answer. */
export class WorkerSilent extends Error {
  constructor(message: string, options: { cause: unknown }) {
    super(message, options);
    this.name = 'WorkerSilent';
  }
}

/** The worker answered with a reason why not. */
export class WorkerRefused extends Error {
  constructor(message: string, options: { cause: unknown }) {
    super(message, options);
    this.name = 'WorkerRefused';
  }
}

/** Workflow failure, activity failure, and within it what really happened. */
export function innermost(error: Error): string {
  return error.cause instanceof Error ? innermost(error.cause) : describeError(error);
}
