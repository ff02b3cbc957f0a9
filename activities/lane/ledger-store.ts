import type { InspectedRow } from '../../src/core/inspect';

/** How one engine keeps the rows of the ledger. What they mean, and what may follow what, is in ledger.ts. */
export interface LedgerStore {
  /** The database's clock: ISO 8601, UTC, milliseconds. */
  clock(): Promise<string>;
  row(run: string, seq: number): Promise<InspectedRow | undefined>;
  /** The rows of a run after a place in the chain, oldest first. */
  rowsAfter(run: string, seq: number, limit?: number): Promise<readonly InspectedRow[]>;
  /** In the transaction that is open. (run, seq) is unique: a second writer of the same place is refused. */
  insert(run: string, row: InspectedRow): Promise<void>;
  /** Why there is no ledger at all; undefined when there is one. */
  gone(): Promise<string | undefined>;
}
