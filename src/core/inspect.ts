import type { LedgerRow } from './ledger-row';

/** A note's own id, unique within the run; not part of the hash. */
export type InspectedRow = LedgerRow & { readonly noteId?: string };

export interface InspectInput {
  readonly home: string;
  /** A run's id, or a plan's name for its newest run. */
  readonly run: string;
  readonly afterSeq: number;
  readonly limit: number;
}

export interface InspectPage {
  readonly run: string;
  readonly rows: readonly InspectedRow[];
  readonly more: boolean;
}
