import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/activities';
import type { RestoreAnswer, RestoreInput } from '../src/core/restore';

/**
 * The last resort, or the list of what it would lose. A worker that dies in the middle is followed by the next one,
 * which goes on where the marker in the database says.
 */
export async function restore(input: RestoreInput): Promise<RestoreAnswer> {
  const { restore: goBack } = proxyActivities<Activities>({
    startToCloseTimeout: '24h',
    heartbeatTimeout: '30s',
    // A list that cannot be had is said at once; a restore that has begun is ended.
    retry: input.approved ? { maximumInterval: '1m' } : { maximumAttempts: 3 },
    summary: input.approved
      ? `restore ${input.home} from the backup of ${input.run}`
      : `list what a restore of ${input.run} would take back on ${input.home}`,
  });
  return goBack(input);
}
