import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/activities';
import type { RunInput } from '../../src/core/run-input';
import { cutover as honest, type RunOutcome } from '../../workflows/cutover';

/** Broken on purpose: one activity more before all others. */
export async function cutover(input: RunInput): Promise<RunOutcome> {
  const { readLedger } = proxyActivities<Activities>({ startToCloseTimeout: '10s' });
  await readLedger({ home: input.plan.home, run: input.plan.name, afterSeq: 0, limit: 1 });
  return honest(input);
}
