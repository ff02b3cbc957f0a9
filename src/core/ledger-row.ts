import { canonical, digestOfText, type Json } from './json';
import type { Verb } from './step';
import type { NoteEvent } from './verb';

/** One row of the append-only, hash-chained record of a run. */
export interface LedgerRow {
  readonly seq: number;
  readonly step: string;
  readonly verb: Verb | 'note';
  readonly round: number;
  readonly event: 'plan' | 'start' | 'end' | 'attempt-failed' | NoteEvent;
  readonly body: Json;
  /** The database's clock, ISO 8601. */
  readonly at: string;
  readonly prevHash: string;
  readonly hash: string;
}

export type LedgerContent = Omit<LedgerRow, 'hash'>;

/** The hash covers everything in the row, its place and its predecessor. */
export function rowHash(row: LedgerContent): string {
  const { seq, step, verb, round, event, body, at, prevHash } = row;
  return digestOfText(canonical({ seq, step, verb, round, event, body, at, prevHash }));
}

/** The first row whose hash or link does not hold, or undefined for an unbroken chain. */
export function firstBrokenRow(rows: readonly LedgerRow[]): LedgerRow | undefined {
  let previous = { seq: 0, hash: 'genesis' };
  for (const row of rows) {
    if (row.seq !== previous.seq + 1 || row.prevHash !== previous.hash || rowHash(row) !== row.hash) return row;
    previous = row;
  }
  return undefined;
}
