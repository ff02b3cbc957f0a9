import { STATUS_ATTRIBUTE } from '../core/search-attributes';
import type { TemporalClient } from './temporal';

/**
 * How the last run of a workflow id that came to its end had ended, as far as Temporal remembers it: one that was refused
 * or aborted has not. Undefined also while a run is open, and when Temporal does not say: the ledger knows better, and
 * preflight asks it.
 */
export async function lastOutcome(
  { client }: TemporalClient,
  workflowId: string,
): Promise<'done' | 'rolled-back' | undefined> {
  const query = `WorkflowType = 'cutover' AND WorkflowId = '${workflowId.replaceAll("'", "''")}'`;
  let newest: { readonly at: number; readonly outcome: 'done' | 'rolled-back' } | undefined;
  let looked = 0;
  try {
    for await (const run of client.workflow.list({ query, pageSize: 100 })) {
      if (run.status.name === 'RUNNING') return undefined;
      const status = run.typedSearchAttributes.get(STATUS_ATTRIBUTE);
      const at = (run.closeTime ?? run.startTime).getTime();
      if ((status === 'done' || status === 'rolled-back') && at > (newest?.at ?? 0)) newest = { at, outcome: status };
      if ((looked += 1) >= MOST) break;
    }
  } catch {
    return undefined;
  }
  return newest?.outcome;
}

const MOST = 500;
