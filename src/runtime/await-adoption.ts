import { setTimeout as pause } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { innermost, WorkerRefused, WorkerSilent } from './ask-worker';
import { readRun } from './read-run';
import type { TemporalClient } from './temporal';

/**
 * Returns when the new workflow has read the ledger of the run that it goes on with.
 *
 * @throws WorkerRefused with the reason when it did not accept what it read, WorkerSilent after half a minute.
 */
export async function awaitAdoption(
  temporal: TemporalClient,
  { workflowId, runId }: { readonly workflowId: string; readonly runId: string },
): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const view = await readRun({ temporal, workflowId, runId });
    if (view.kind === 'live' && view.state.head.seq > 0) return;
    if ((view.kind === 'live' || view.kind === 'dark') && view.seen.execution === 'FAILED')
      throw await refusal(temporal, workflowId, runId);
    if (Date.now() > deadline)
      throw new WorkerSilent(
        `The workflow ${workflowId} is started, and no worker has read the ledger for it yet; look with \`cutover status\`.`,
        { cause: undefined },
      );
    await pause(150);
  }
}

async function refusal({ client }: TemporalClient, workflowId: string, runId: string): Promise<Error> {
  try {
    await client.workflow.getHandle(workflowId, runId).result();
    return new Error(`The workflow ${workflowId} ended at once.`);
  } catch (error) {
    return error instanceof WorkflowFailedError
      ? new WorkerRefused(innermost(error), { cause: error })
      : new Error(`The workflow ${workflowId} failed.`, { cause: error });
  }
}

const PATIENCE_MS = 30_000;
