import { randomUUID } from 'node:crypto';
import type { Connection } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { describeError } from '../../src/core/failure';
import type { BenchRun } from './bench-run';

/** What a stranger's program could put on the wire, past every check of our own client. */
export interface RawMessage {
  readonly name: string;
  readonly payloads: readonly Payload[];
}

/** The server's or the validator's refusal in its own words, or the answer as it came. */
export type RawAnswer = { readonly refused: string } | { readonly answered: unknown };

export function payload(encoding: string | undefined, data: string | Uint8Array): Payload {
  return {
    metadata: encoding === undefined ? {} : { encoding: Buffer.from(encoding) },
    data: typeof data === 'string' ? Buffer.from(data) : data,
  };
}

/** As any JSON client would send it; without our converter's mark. */
export function json(value: unknown): Payload {
  return payload('json/plain', JSON.stringify(value));
}

export async function sendRawSignal(run: BenchRun, { name, payloads }: RawMessage): Promise<void> {
  await service(run).signalWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: run.workflowId },
    signalName: name,
    identity: 'stranger',
    requestId: randomUUID(),
    ...(payloads.length > 0 ? { input: { payloads: [...payloads] } } : {}),
  });
}

export async function sendRawUpdate(run: BenchRun, { name, payloads }: RawMessage): Promise<RawAnswer> {
  try {
    const { outcome } = await service(run).updateWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: run.workflowId },
      waitPolicy: { lifecycleStage: COMPLETED },
      request: {
        meta: { updateId: randomUUID(), identity: 'stranger' },
        input: { name, ...(payloads.length > 0 ? { args: { payloads: [...payloads] } } : {}) },
      },
    });
    if (outcome?.failure) return { refused: outcome.failure.message ?? '' };
    const data = outcome?.success?.payloads?.[0]?.data;
    return { answered: data ? JSON.parse(Buffer.from(data).toString()) : undefined };
  } catch (error) {
    return { refused: describeError(error) };
  }
}

function service(run: BenchRun): Connection['workflowService'] {
  return run.temporal.client.workflow.workflowService;
}

/** UpdateWorkflowExecutionLifecycleStage */
const COMPLETED = 3;
