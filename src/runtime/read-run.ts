import { WorkflowNotFoundError, type WorkflowExecutionDescription } from '@temporalio/client';
import { planQuery, statusQuery } from '../../workflows/messages';
import type { CompiledPlan } from '../core/plan';
import { HOME_ATTRIBUTE, PHASE_ATTRIBUTE, STATUS_ATTRIBUTE } from '../core/search-attributes';
import type { RunState } from '../core/state';
import { payloadConverter } from './payload-converter';
import { pollersOf } from './pollers';
import { grpcCode, type TemporalClient } from './temporal';

/** What can be known of a run: all of it when a worker answers, else what Temporal itself knows. */
export type RunView =
  | { readonly kind: 'live'; readonly seen: Seen; readonly plan: CompiledPlan; readonly state: RunState }
  | { readonly kind: 'dark'; readonly seen: Seen; readonly why: 'no-worker' | 'no-answer' }
  | { readonly kind: 'none' }
  | { readonly kind: 'other'; readonly type: string };

/** What Temporal knows without a worker. */
export interface Seen {
  readonly workflowId: string;
  readonly runId: string;
  readonly taskQueue: string;
  /** Of the execution: RUNNING, COMPLETED, TERMINATED … */
  readonly execution: string;
  readonly startedAt: string;
  readonly closedAt?: string;
  readonly phase?: string;
  readonly status?: string;
  readonly home?: string;
  readonly workers: readonly string[];
  /** What the verb under way last told, and how often it was tried. */
  readonly activities: readonly PendingActivity[];
}

export interface PendingActivity {
  readonly type: string;
  readonly attempt: number;
  readonly heartbeat?: unknown;
  readonly lastFailure?: string;
}

export interface ReadRun {
  readonly temporal: TemporalClient;
  readonly workflowId: string;
  readonly runId?: string;
}

export async function readRun({ temporal, workflowId, runId }: ReadRun): Promise<RunView> {
  const handle = temporal.client.workflow.getHandle(workflowId, runId);
  let description: WorkflowExecutionDescription;
  try {
    description = await handle.describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: 'none' };
    throw error;
  }
  if (description.type !== 'cutover') return { kind: 'other', type: description.type };
  const seen = await seenOf(temporal, description);
  if (seen.workers.length === 0) return { kind: 'dark', seen, why: 'no-worker' };
  try {
    const [plan, state] = await temporal.client.withDeadline(Date.now() + QUERY_MS, () =>
      Promise.all([handle.query(planQuery), handle.query(statusQuery)]),
    );
    return { kind: 'live', seen, plan, state };
  } catch (error) {
    if (isSilence(error)) return { kind: 'dark', seen, why: 'no-answer' };
    throw error;
  }
}

async function seenOf(
  { connection, client }: TemporalClient,
  description: WorkflowExecutionDescription,
): Promise<Seen> {
  const { typedSearchAttributes: attributes, taskQueue } = description;
  const { workers } = await pollersOf({ connection, namespace: client.options.namespace, taskQueue, now: Date.now() });
  const phase = attributes.get(PHASE_ATTRIBUTE);
  const status = attributes.get(STATUS_ATTRIBUTE);
  const home = attributes.get(HOME_ATTRIBUTE);
  return {
    workflowId: description.workflowId,
    runId: description.runId,
    taskQueue,
    execution: description.status.name,
    startedAt: description.startTime.toISOString(),
    ...(description.closeTime ? { closedAt: description.closeTime.toISOString() } : {}),
    ...(phase === undefined ? {} : { phase }),
    ...(status === undefined ? {} : { status }),
    ...(home === undefined ? {} : { home }),
    workers: workers.map((w) => w.identity),
    activities: pendingOf(description),
  };
}

function pendingOf(description: WorkflowExecutionDescription): readonly PendingActivity[] {
  return (description.raw.pendingActivities ?? []).map((activity) => {
    const payload = activity.heartbeatDetails?.payloads?.[0];
    return {
      type: activity.activityType?.name ?? 'unknown',
      attempt: activity.attempt ?? 1,
      ...(payload ? { heartbeat: payloadConverter.fromPayload(payload) } : {}),
      ...(activity.lastFailure?.message ? { lastFailure: activity.lastFailure.message } : {}),
    };
  });
}

/** A worker that polls but does not answer: busy, stuck, or gone a moment ago. */
function isSilence(error: unknown): boolean {
  const code = grpcCode(error);
  return code === DEADLINE_EXCEEDED || code === FAILED_PRECONDITION || code === CANCELLED;
}

/** A worker answers within milliseconds, or it is deaf; `status` need not wait longer to say so. */
const QUERY_MS = 6_000;
const CANCELLED = 1;
const DEADLINE_EXCEEDED = 4;
const FAILED_PRECONDITION = 9;
