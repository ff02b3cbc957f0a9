import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/activities';
import { knobsText, type KnobsAnswer, type SetKnobsInput } from '../src/core/knobs';

/** How hard the run that holds a target works from now on. Beside the run: it is neither stopped nor asked. */
export async function setKnobs(input: SetKnobsInput): Promise<KnobsAnswer> {
  const activities = proxyActivities<Activities>({
    startToCloseTimeout: '30s',
    retry: { maximumAttempts: 3 },
    summary: `${input.by} sets ${knobsText(input.set) || 'knobs back to auto'}`.slice(0, 190),
  });
  return activities.setKnobs(input);
}
