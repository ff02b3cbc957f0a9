import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/activities';
import type { GetKnobsInput, KnobsAnswer } from '../src/core/knobs';

/** Read-only: how hard the run that holds a target has been told to work. */
export async function getKnobs(input: GetKnobsInput): Promise<KnobsAnswer> {
  const activities = proxyActivities<Activities>({
    startToCloseTimeout: '30s',
    retry: { maximumAttempts: 3 },
    summary: `read the knobs of ${input.run}`,
  });
  return activities.getKnobs(input);
}
