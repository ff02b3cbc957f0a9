import type { Evidence } from '../core/evidence';
import type { LedgerRow } from '../core/ledger-row';
import { PHASES, type Phase } from '../core/phase';
import type { CompiledPlan } from '../core/plan';
import type { StepKind, Verb } from '../core/step';
import { evidenceIn, numberIn, textIn } from './bodies';

export interface StepRecord {
  readonly step: string;
  readonly kind?: StepKind;
  readonly title?: string;
  readonly verb: Verb;
  readonly round: number;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly ms?: number;
  readonly sqlMs?: number;
  readonly evidence?: Evidence;
  /** Hash of the ledger row that holds the evidence. */
  readonly hash?: string;
  readonly failures: readonly { readonly at: string; readonly type: string; readonly message: string }[];
}

export interface PhaseRecord {
  readonly phase: Phase;
  readonly startedAt: string;
  readonly endedAt?: string;
  /** Of the steps' own work, without the waiting at gates. */
  readonly ms: number;
  readonly steps: readonly StepRecord[];
}

/** One record per step, verb and round, in the order in which they began. */
export function recordsOf(plan: CompiledPlan, rows: readonly LedgerRow[]): readonly StepRecord[] {
  const groups = new Map<string, LedgerRow[]>();
  for (const row of rows) {
    if (row.verb === 'note') continue;
    const key = `${row.step} ${row.verb} ${row.round}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].flatMap((group) => {
    const first = group[0];
    return first && first.verb !== 'note' ? [recordOf(plan, { ...first, verb: first.verb }, group)] : [];
  });
}

function recordOf(
  plan: CompiledPlan,
  first: LedgerRow & { readonly verb: Verb },
  group: readonly LedgerRow[],
): StepRecord {
  const step = plan.steps.find((s) => s.id === first.step);
  const end = group.find((row) => row.event === 'end');
  const evidence = end ? evidenceIn(end.body) : undefined;
  const ms = end && numberIn(end.body, 'ms');
  const sqlMs = end && numberIn(end.body, 'sqlMs');
  return {
    step: first.step,
    ...(step ? { kind: step.kind, title: step.title } : {}),
    verb: first.verb,
    round: first.round,
    startedAt: first.at,
    ...(end ? { endedAt: end.at, hash: end.hash } : {}),
    ...(ms === undefined ? {} : { ms }),
    ...(sqlMs === undefined ? {} : { sqlMs }),
    ...(evidence ? { evidence } : {}),
    failures: group
      .filter((row) => row.event === 'attempt-failed')
      .map((row) => ({
        at: row.at,
        type: textIn(row.body, 'type') ?? 'Unexpected',
        message: textIn(row.body, 'message') ?? '',
      })),
  };
}

export function phasesOf(plan: CompiledPlan, records: readonly StepRecord[]): readonly PhaseRecord[] {
  return PHASES.flatMap((phase) => {
    const steps = records.filter((r) => plan.steps.some((s) => s.id === r.step && s.phase === phase));
    const first = steps[0];
    if (!first) return [];
    const endedAt = steps.at(-1)?.endedAt;
    return [
      {
        phase,
        startedAt: first.startedAt,
        ...(endedAt ? { endedAt } : {}),
        ms: steps.reduce((sum, s) => sum + (s.ms ?? 0), 0),
        steps,
      },
    ];
  });
}
