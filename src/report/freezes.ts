import type { Verb } from '../core/step';
import type { StepRecord } from './step-records';

export interface FreezeRecord {
  readonly step: string;
  readonly verb: Verb;
  readonly at: string;
  /** From the first lock to the commit, milliseconds, by the database's clock. */
  readonly heldMs?: number;
  readonly lockWaitMs?: number;
  readonly budgetMs?: number;
  readonly tries?: number;
  readonly sweptRows?: number;
  readonly sweptMembers?: number;
  readonly verdict: string;
}

export function freezeOf(record: StepRecord): FreezeRecord {
  const figure = (name: string): number | undefined => {
    const value = record.evidence?.figures?.[name];
    return typeof value === 'number' ? value : undefined;
  };
  const figures = (['heldMs', 'lockWaitMs', 'budgetMs', 'tries', 'sweptRows', 'sweptMembers'] as const).flatMap(
    (name) => {
      const value = figure(name);
      return value === undefined ? [] : [[name, value]];
    },
  );
  return {
    step: record.step,
    verb: record.verb,
    at: record.endedAt ?? record.startedAt,
    ...(Object.fromEntries(figures) as Partial<FreezeRecord>),
    verdict: record.evidence?.verdict ?? (record.failures.length > 0 ? 'failed, all put back' : 'unfinished'),
  };
}
