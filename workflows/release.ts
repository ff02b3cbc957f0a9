import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/activities';
import type { ReleaseAnswer, ReleaseInput } from '../src/core/release-claim';

/** Lets go of a target whose run is dead. What the run has changed stays as it is: this frees the claim and nothing else. */
export async function release(input: ReleaseInput): Promise<ReleaseAnswer> {
  const { releaseClaim } = proxyActivities<Activities>({
    startToCloseTimeout: '1m',
    retry: { maximumAttempts: 3 },
    summary: `release the claim of ${input.run} on ${input.home}`,
  });
  return releaseClaim(input);
}
