import type { Json } from '../core/json';
import type { LedgerRow } from '../core/ledger-row';
import { textIn } from './bodies';
import type { StepRecord } from './step-records';

/** A word that turned the run, or the run's own standing still. */
export interface OperatorRecord {
  readonly at: string;
  readonly word: string;
  readonly by: string;
  /** For skip, tick and a parked step: which one. */
  readonly step?: string;
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
    .filter((row) => TURNS.includes(row.event) || isVote(row))
    .map(({ event, body, at }) => ({
      at: textIn(body, 'at') ?? at,
      word: textIn(body, 'word') ?? textIn(body, 'outcome') ?? event,
      by: textIn(body, 'by') ?? (BY_ITSELF.includes(event) ? 'the run' : ''),
      ...stepIn(body),
      comment: commentIn(body),
    }));
}

const TURNS: readonly LedgerRow['event'][] = ['operator', 'parked', 'reminder', 'finished'];
const BY_ITSELF: readonly LedgerRow['event'][] = ['parked', 'reminder'];

function stepIn(body: Json): { readonly step?: string } {
  const step = textIn(body, 'step');
  return step === undefined ? {} : { step };
}

/** Why somebody said it, what proves it, or what was said to whom. */
function commentIn(body: Json): string {
  return ['comment', 'reason', 'proof', 'text'].map((name) => textIn(body, name)).find((text) => text) ?? '';
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
