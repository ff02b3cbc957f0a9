import type { LedgerRow } from '../core/ledger-row';
import type { CompiledPlan } from '../core/plan';
import type { Verb } from '../core/step';
import { textIn } from './bodies';
import type { StepRecord } from './step-records';

export type Outcome =
  'done' | 'rolled-back' | 'aborted' | 'refused' | 'released' | 'restored' | 'rolling-back' | 'unfinished';

export interface End {
  readonly outcome: Outcome;
  readonly reason?: string;
}

/** How the run ended, by the last word about it: an aborted run that was adopted has not ended. */
export function endOf(plan: CompiledPlan, records: readonly StepRecord[], rows: readonly LedgerRow[]): End {
  const last = rows.findLast(
    (row) => row.event === 'finished' || isWord(row, 'adopt') || isWord(row, 'release') || isWord(row, 'restored'),
  );
  if (last && isWord(last, 'restored')) {
    const who = textIn(last.body, 'by') ?? 'somebody';
    return { outcome: 'restored', reason: `${who} had the backup restored: ${textIn(last.body, 'comment') ?? ''}` };
  }
  if (last && isWord(last, 'release')) {
    const who = textIn(last.body, 'by') ?? 'somebody';
    return { outcome: 'released', reason: `${who} released the target: ${textIn(last.body, 'comment') ?? ''}` };
  }
  const word = last?.event === 'finished' ? (textIn(last.body, 'outcome') ?? textIn(last.body, 'status')) : undefined;
  const told = TOLD.find((outcome) => outcome === word);
  if (!told) return { outcome: outcomeOfSteps(plan, records) };
  const reason = last && textIn(last.body, 'reason');
  return { outcome: told, ...(reason ? { reason } : {}) };
}

const TOLD = ['done', 'rolled-back', 'aborted', 'refused'] as const;

function isWord(row: LedgerRow, word: string): boolean {
  return row.event === 'operator' && textIn(row.body, 'word') === word;
}

/** A run whose last rows were never written: what its steps say. */
function outcomeOfSteps(plan: CompiledPlan, records: readonly StepRecord[]): Outcome {
  const passed = (verb: Verb, id: string): boolean =>
    records.some((r) => r.verb === verb && r.step === id && r.evidence?.verdict === 'pass');
  const back = records.filter((r) => r.verb === 'undo');
  if (back.length > 0) {
    const begun = new Set(records.filter((r) => r.verb === 'do').map((r) => r.step));
    return [...begun].every((id) => passed('undo', id)) ? 'rolled-back' : 'rolling-back';
  }
  return plan.steps.every((step) => passed('do', step.id)) ? 'done' : 'unfinished';
}
