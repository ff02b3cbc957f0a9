import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/activities';
import type { LivePreview, LivePreviewInput } from '../src/core/live-preview';

/** Read-only: the dry run of a plan against the real targets. Nothing is claimed, captured or written. */
export async function previewLive(input: LivePreviewInput): Promise<LivePreview> {
  const { previewLive: look } = proxyActivities<Activities>({
    startToCloseTimeout: '10m',
    heartbeatTimeout: '30s',
    retry: { maximumAttempts: 2 },
    summary: `look what ${input.plan.name} would meet on ${input.plan.home}`,
  });
  return look(input);
}
