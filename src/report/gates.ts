import { gateDigest } from '../core/gate-evidence';
import type { LedgerRow } from '../core/ledger-row';
import { listIn, textIn, textsIn } from './bodies';

/** One opening of a gate: what was asked, on which evidence, who answered, how it ended. */
export interface GateRecord {
  readonly gate: string;
  readonly nonce: string;
  readonly openedAt: string;
  readonly evidenceDigest: string;
  /** Whether the digest is that of the material that stands beside it: computed anew. */
  readonly evidenceHolds: boolean;
  readonly material: Readonly<Record<string, string>>;
  readonly shown: Readonly<Record<string, string>>;
  readonly decisions: readonly DecisionRecord[];
  /** Passed, reopened, rejected, expired; absent while it is open. */
  readonly outcome?: string;
  readonly closedAt?: string;
  readonly why?: string;
}

export interface DecisionRecord {
  readonly at: string;
  readonly by: string;
  readonly roles: readonly string[];
  readonly decision: string;
  readonly comment: string;
  readonly via: string;
  readonly evidenceDigest: string;
}

/** Every opening in order. A decision belongs to the opening whose nonce it carries; an early reject to the next one. */
export function gatesOf(rows: readonly LedgerRow[]): readonly GateRecord[] {
  const decisions = rows.filter((row) => row.event === 'decision' && textIn(row.body, 'gate') !== undefined);
  const opened = rows.filter((row) => row.event === 'gate-opened');
  return opened.map((row) => {
    const gate = textIn(row.body, 'gate') ?? '';
    const nonce = textIn(row.body, 'nonce') ?? '';
    const next = opened.find((other) => other.seq > row.seq && textIn(other.body, 'gate') === gate);
    const until = next?.seq ?? Number.MAX_SAFE_INTEGER;
    const known = new Set(opened.map((other) => textIn(other.body, 'nonce')));
    const own = decisions.filter(
      (d) =>
        textIn(d.body, 'gate') === gate &&
        (textIn(d.body, 'nonce') === nonce || (!known.has(textIn(d.body, 'nonce')) && d.seq < until)),
    );
    const closed = rows.find(
      (r) => r.event === 'gate-closed' && r.seq > row.seq && r.seq < until && textIn(r.body, 'gate') === gate,
    );
    const evidenceDigest = textIn(row.body, 'evidenceDigest') ?? '';
    const material = textsIn(row.body, 'material');
    return {
      gate,
      nonce,
      openedAt: textIn(row.body, 'at') ?? row.at,
      evidenceDigest,
      evidenceHolds: gateDigest(material) === evidenceDigest,
      material,
      shown: textsIn(row.body, 'shown'),
      decisions: own.map(decisionOf),
      ...endOf(closed, own),
    };
  });
}

function decisionOf({ body, at }: LedgerRow): DecisionRecord {
  return {
    at: textIn(body, 'at') ?? at,
    by: textIn(body, 'by') ?? '',
    roles: listIn(body, 'roles'),
    decision: textIn(body, 'decision') ?? '',
    comment: textIn(body, 'comment') ?? '',
    via: textIn(body, 'via') ?? '',
    evidenceDigest: textIn(body, 'evidenceDigest') ?? '',
  };
}

function endOf(
  closed: LedgerRow | undefined,
  decisions: readonly LedgerRow[],
): Pick<GateRecord, 'outcome' | 'closedAt' | 'why'> {
  const reject = decisions.find((d) => textIn(d.body, 'decision') === 'reject');
  const row = closed ?? reject;
  if (!row) return {};
  const why = textIn(row.body, 'why') ?? textIn(row.body, 'comment');
  return {
    outcome: closed ? (textIn(closed.body, 'outcome') ?? 'closed') : 'rejected',
    closedAt: textIn(row.body, 'at') ?? row.at,
    ...(why ? { why } : {}),
  };
}
