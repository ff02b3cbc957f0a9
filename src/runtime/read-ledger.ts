import type { InspectedRow, InspectInput, InspectPage } from '../core/inspect';
import { askWorker } from './ask-worker';
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
  readonly rows: readonly InspectedRow[];
}

/**
 * All rows of a run, through the read-only workflow `inspect` on the worker: whoever asks needs no address of the target.
 *
 * @throws WorkerSilent, or WorkerRefused with the worker's own reason when it cannot read them.
 */
export async function readLedger({ temporal, taskQueue, home, run }: ReadLedger): Promise<Ledger> {
  const rows: InspectedRow[] = [];
  let id = run;
  for (;;) {
    const input: InspectInput = { home, run: id, afterSeq: rows.at(-1)?.seq ?? 0, limit: PAGE };
    const what = `read the ledger of ${id}`;
    const page = (await askWorker({
      temporal,
      taskQueue,
      workflow: 'inspect',
      target: home,
      input,
      what,
    })) as InspectPage;
    rows.push(...page.rows);
    // The newest run of a plan may change between two pages: from the second page on the run is named.
    id = page.run;
    if (!page.more || page.rows.length === 0) return { run: page.run, rows };
  }
}

/** Rows hold evidence of up to some 20 KB; a page stays well below the 2 MB of a payload. */
const PAGE = 50;
