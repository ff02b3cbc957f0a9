import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { TimeoutFailure } from '@temporalio/common';
import type { InspectInput, InspectPage } from '../core/inspect';
import type { LedgerRow } from '../core/ledger-row';
import { describeError } from '../core/failure';
import { redact } from './redact';
import type { TemporalClient } from './temporal';

export interface ReadLedger {
  readonly temporal: TemporalClient;
  readonly taskQueue: string;
  readonly home: string;
  /** A run's id, or a plan's name for its newest run. */
  readonly run: string;
}

export interface Ledger {
  readonly run: string;
  readonly rows: readonly LedgerRow[];
}

/**
 * All rows of a run, through the read-only workflow `inspect` on the worker: whoever asks needs no address of the target.
 *
 * @throws with the worker's own reason when it cannot read them.
 */
export async function readLedger({ temporal, taskQueue, home, run }: ReadLedger): Promise<Ledger> {
  const rows: LedgerRow[] = [];
  let id = run;
  for (;;) {
    const input: InspectInput = { home, run: id, afterSeq: rows.at(-1)?.seq ?? 0, limit: PAGE };
    const page = await inspect(temporal, taskQueue, input);
    rows.push(...page.rows);
    // The newest run of a plan may change between two pages: from the second page on the run is named.
    id = page.run;
    if (!page.more || page.rows.length === 0) return { run: page.run, rows };
  }
}

async function inspect({ client }: TemporalClient, taskQueue: string, input: InspectInput): Promise<InspectPage> {
  try {
    const page: unknown = await client.workflow.execute('inspect', {
      workflowId: `cutover-inspect/${input.home}/${randomUUID()}`,
      taskQueue,
      args: [input],
      workflowExecutionTimeout: PAGE_TIMEOUT,
      staticSummary: `read the ledger of ${input.run}`.slice(0, 190),
    });
    return page as InspectPage;
  } catch (error) {
    if (error instanceof WorkflowFailedError && error.cause instanceof TimeoutFailure)
      throw new LedgerUnread(
        `No worker of queue ${taskQueue} read the ledger within ${PAGE_TIMEOUT}; is one running? Start one with \`cutover worker\`.`,
        { cause: error },
      );
    if (error instanceof WorkflowFailedError)
      throw new Error(`The worker could not read the ledger: ${redact(innermost(error))}`, { cause: error });
    throw error;
  }
}

/** Nobody was there to read it. */
export class LedgerUnread extends Error {
  constructor(message: string, options: { cause: unknown }) {
    super(message, options);
    this.name = 'LedgerUnread';
  }
}

/** Workflow failure, activity failure, and within it what really happened. */
function innermost(error: Error): string {
  return error.cause instanceof Error ? innermost(error.cause) : describeError(error);
}

/** Rows hold evidence of up to some 20 KB; a page stays well below the 2 MB of a payload. */
const PAGE = 50;
const PAGE_TIMEOUT = '30s';
