import type { LedgerRow } from '../core/ledger-row';
import { textIn } from './bodies';
import type { StepRecord } from './step-records';

/** A word that turned the run, or the run's own standing still. */
export interface OperatorRecord {
  readonly at: string;
  readonly word: string;
  readonly by: string;
  readonly comment: string;
}

export interface RollbackRecord {
  readonly reason: string;
  readonly beganAt: string;
  readonly steps: readonly StepRecord[];
  /** Rows that the old shape cannot hold and that lie in the archive. */
  readonly archivedRows: number;
}

export function operatorsOf(rows: readonly LedgerRow[]): readonly OperatorRecord[] {
  return rows
    .filter((row) => row.event === 'operator' || row.event === 'parked' || row.event === 'finished' || isVote(row))
    .map((row) => ({
      at: textIn(row.body, 'at') ?? row.at,
      word: textIn(row.body, 'word') ?? textIn(row.body, 'outcome') ?? row.event,
      by: textIn(row.body, 'by') ?? (row.event === 'parked' ? 'the run' : ''),
      comment: textIn(row.body, 'comment') ?? textIn(row.body, 'reason') ?? '',
    }));
}

/** A vote for a rollback is a decision about no gate. */
function isVote(row: LedgerRow): boolean {
  return row.event === 'decision' && textIn(row.body, 'gate') === undefined;
}

export function rollbackOf(rows: readonly LedgerRow[], back: readonly StepRecord[]): RollbackRecord | undefined {
  const begun = rows.find((row) => row.event === 'operator' && textIn(row.body, 'word') === 'rollback-begun');
  const first = back[0];
  if (!begun && !first) return undefined;
  const archived = back.reduce((sum, r) => sum + Number(r.evidence?.figures?.['archivedRows'] ?? 0), 0);
  return {
    reason: (begun && textIn(begun.body, 'reason')) ?? 'not in the ledger',
    beganAt: (begun && (textIn(begun.body, 'at') ?? begun.at)) ?? first?.startedAt ?? '',
    steps: back,
    archivedRows: archived,
  };
}
