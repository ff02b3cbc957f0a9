import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/activities';
import type { Run } from './run';

/**
 * The rows that no later verb will write: how the run ended and who said so. Tried for a minute; when the target cannot
 * be reached the run ends all the same, and the history has it.
 */
export async function recordEnd(run: Run): Promise<void> {
  const { state } = run;
  if (state.notes.length === 0 || state.head.seq === 0) return;
  const { record } = proxyActivities<Activities>({
    startToCloseTimeout: '20s',
    scheduleToCloseTimeout: '1m',
    summary: 'write the last rows of the ledger',
  });
  try {
    await record({ run: state.run, expect: state.head, notes: state.notes });
  } catch {
    // Nothing is lost that the history does not hold; a run must be able to end while its target is away.
  }
}
