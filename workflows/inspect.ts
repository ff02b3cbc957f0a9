import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/activities';
import type { InspectInput, InspectPage } from '../src/core/inspect';

/** Read-only: a page of a run's ledger, for those who have no address of the target. */
export async function inspect(input: InspectInput): Promise<InspectPage> {
  const { readLedger } = proxyActivities<Activities>({
    startToCloseTimeout: '30s',
    retry: { maximumAttempts: 3 },
    summary: `read the ledger of ${input.run}`,
  });
  return readLedger(input);
}
