import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/activities';
import type { TargetReport } from '../src/core/target-report';

/** Read-only: what the worker finds when it asks its targets who they are. */
export async function doctor(): Promise<readonly TargetReport[]> {
  const { askTargets } = proxyActivities<Activities>({
    startToCloseTimeout: '1m',
    retry: { maximumAttempts: 1 },
    summary: 'ask every target of the worker',
  });
  return askTargets();
}
