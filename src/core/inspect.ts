import type { LedgerRow } from './ledger-row';

export interface InspectInput {
  readonly home: string;
  /** A run's id, or a plan's name for its newest run. */
  readonly run: string;
  readonly afterSeq: number;
  readonly limit: number;
}

export interface InspectPage {
  readonly run: string;
  readonly rows: readonly LedgerRow[];
  readonly more: boolean;
}
