import type { Evidence } from '../core/evidence';
import type { Digest } from '../core/json';
import { digestOf } from '../core/json';
import { firstBrokenRow, type LedgerRow } from '../core/ledger-row';
import { PHASES, type Phase } from '../core/phase';
import type { CompiledPlan, Environment } from '../core/plan';
import type { StepKind, Verb } from '../core/step';
import { evidenceIn, numberIn, planIn, textIn } from './bodies';
import { gatesOf, type GateRecord } from './gates';

/**
 * What happened, from the ledger alone: the rows as they were written beside the data, their chain verified anew. The
 * JSON form of the report is this object.
 */
export interface Timeline {
  readonly reportVersion: 1;
  readonly run: string;
  readonly plan: string;
  readonly planDigest: Digest;
  readonly home: string;
  readonly environment: Environment;
  /** Names are what the senders said: nothing proves them. */
  readonly unsigned: true;
  readonly outcome: 'done' | 'rolled-back' | 'rolling-back' | 'unfinished';
  readonly startedAt: string;
  readonly lastAt: string;
  readonly chain: Chain;
  readonly phases: readonly PhaseRecord[];
  readonly gates: readonly GateRecord[];
  readonly operators: readonly OperatorRecord[];
  readonly freezes: readonly FreezeRecord[];
  readonly backups: readonly StepRecord[];
  readonly rollback?: RollbackRecord;
}

export interface Chain {
  readonly rows: number;
  readonly intact: boolean;
  /** Sequence number of the first row whose hash or link does not hold. */
  readonly brokenAt?: number;
  readonly head: string;
}

export interface PhaseRecord {
  readonly phase: Phase;
  readonly startedAt: string;
  readonly endedAt?: string;
  /** Of the steps' own work, without the waiting at gates. */
  readonly ms: number;
  readonly steps: readonly StepRecord[];
}

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

/**
 * @throws when the rows do not begin with the plan: then they are not a run's ledger, or its beginning is missing.
 */
export function timelineOf(run: string, rows: readonly LedgerRow[]): Timeline {
  const first = rows[0];
  const plan = first?.event === 'plan' ? planIn(first.body) : undefined;
  if (!first || !plan)
    throw new Error(
      `The ledger of run ${run} does not begin with its plan; it is not whole, so there is nothing to report on.`,
    );
  const records = recordsOf(plan, rows);
  const forward = records.filter((r) => r.verb === 'do');
  const back = records.filter((r) => r.verb === 'undo');
  const rollback = rollbackOf(rows, back);
  const last = rows.at(-1) ?? first;
  return {
    reportVersion: 1,
    run,
    plan: plan.name,
    planDigest: digestOf(first.body),
    home: plan.home,
    environment: plan.environment,
    unsigned: true,
    outcome: outcomeOf(plan, records, rows),
    startedAt: first.at,
    lastAt: last.at,
    chain: chainOf(rows),
    phases: phasesOf(plan, forward),
    gates: gatesOf(rows),
    operators: operatorsOf(rows),
    freezes: records.filter((r) => r.kind === 'freeze').map(freezeOf),
    backups: forward.filter((r) => r.kind === 'backup' || r.kind === 'drill'),
    ...(rollback ? { rollback } : {}),
  };
}

function chainOf(rows: readonly LedgerRow[]): Chain {
  const broken = firstBrokenRow(rows);
  return {
    rows: rows.length,
    intact: broken === undefined,
    ...(broken ? { brokenAt: broken.seq } : {}),
    head: rows.at(-1)?.hash ?? 'genesis',
  };
}

/** One record per step, verb and round, in the order in which they began. */
function recordsOf(plan: CompiledPlan, rows: readonly LedgerRow[]): readonly StepRecord[] {
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

function phasesOf(plan: CompiledPlan, records: readonly StepRecord[]): readonly PhaseRecord[] {
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

function freezeOf(record: StepRecord): FreezeRecord {
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

function operatorsOf(rows: readonly LedgerRow[]): readonly OperatorRecord[] {
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

function rollbackOf(rows: readonly LedgerRow[], back: readonly StepRecord[]): RollbackRecord | undefined {
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

function outcomeOf(
  plan: CompiledPlan,
  records: readonly StepRecord[],
  rows: readonly LedgerRow[],
): Timeline['outcome'] {
  const told = rows.findLast((row) => row.event === 'finished');
  const word = told && (textIn(told.body, 'outcome') ?? textIn(told.body, 'status'));
  if (word === 'done' || word === 'rolled-back') return word;
  const passed = (verb: Verb, id: string): boolean =>
    records.some((r) => r.verb === verb && r.step === id && r.evidence?.verdict === 'pass');
  const back = records.filter((r) => r.verb === 'undo');
  if (back.length > 0) {
    const begun = new Set(records.filter((r) => r.verb === 'do').map((r) => r.step));
    return [...begun].every((id) => passed('undo', id)) ? 'rolled-back' : 'rolling-back';
  }
  return plan.steps.every((step) => passed('do', step.id)) ? 'done' : 'unfinished';
}
