import { digestOf, type Digest } from '../core/json';
import { firstBrokenRow, type LedgerRow } from '../core/ledger-row';
import type { Environment } from '../core/plan';
import { planIn } from './bodies';
import { endOf, type Outcome } from './end';
import { freezeOf, type FreezeRecord } from './freezes';
import { gatesOf, type GateRecord } from './gates';
import { phasesOf, recordsOf, type PhaseRecord, type StepRecord } from './step-records';
import { operatorsOf, rollbackOf, type OperatorRecord, type RollbackRecord } from './turns';

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
  readonly outcome: Outcome;
  /** Why it ended as it did, when it did not end well. */
  readonly endReason?: string;
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
  const end = endOf(plan, records, rows);
  return {
    reportVersion: 1,
    run,
    plan: plan.name,
    planDigest: digestOf(first.body),
    home: plan.home,
    environment: plan.environment,
    unsigned: true,
    outcome: end.outcome,
    ...(end.reason ? { endReason: end.reason } : {}),
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
