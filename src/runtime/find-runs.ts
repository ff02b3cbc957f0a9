import { HOME_ATTRIBUTE, PHASE_ATTRIBUTE, STATUS_ATTRIBUTE } from '../core/search-attributes';
import type { TemporalClient } from './temporal';
import { parseWorkflowId } from './workflow-id';

export interface FoundRun {
  readonly workflowId: string;
  readonly plan: string;
  readonly home: string;
  readonly execution: string;
  readonly phase?: string;
  readonly status?: string;
  readonly startedAt: string;
}

/**
 * Runs that Temporal remembers, newest first, one per workflow id: open ones, or with `closed` also those that ended
 * within the namespace's retention. SQL visibility has no ORDER BY, so they are sorted here; at most 500 are looked at.
 */
export async function findRuns(
  { client }: TemporalClient,
  wanted: { readonly closed: boolean },
): Promise<readonly FoundRun[]> {
  const query = `WorkflowType = 'cutover'${wanted.closed ? '' : " AND ExecutionStatus = 'Running'"}`;
  const found: FoundRun[] = [];
  for await (const run of client.workflow.list({ query, pageSize: 100 })) {
    const id = parseWorkflowId(run.workflowId);
    if (!id) continue;
    const phase = run.typedSearchAttributes.get(PHASE_ATTRIBUTE);
    const status = run.typedSearchAttributes.get(STATUS_ATTRIBUTE);
    found.push({
      workflowId: run.workflowId,
      plan: id.plan,
      home: run.typedSearchAttributes.get(HOME_ATTRIBUTE) ?? id.home,
      execution: run.status.name,
      ...(phase === undefined ? {} : { phase }),
      ...(status === undefined ? {} : { status }),
      startedAt: run.startTime.toISOString(),
    });
    if (found.length >= MOST) break;
  }
  found.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
  return found.filter((run, i) => found.findIndex((other) => other.workflowId === run.workflowId) === i);
}

const MOST = 500;
