import { apply } from './apply';
import type { RunEvent } from './events';
import type { Evidence } from './evidence';
import type { Hold, RunState } from './state';
import { initialState } from './state';
import type { LedgerRow } from './ledger-row';
import type { People } from './people';
import { isPhase } from './phase';
import type { CompiledPlan } from './plan';
import type { RunRef } from './verb';

export interface FoldInput {
  readonly plan: CompiledPlan;
  readonly run: RunRef;
  readonly people: People;
  readonly rows: readonly (LedgerRow & { readonly noteId?: string })[];
}

/**
 * The state of a run from its ledger alone: what `adopt` goes on from when the workflow is gone. What was done stays
 * done. What was under way begins a new round, since nobody knows how far it came. A gate that was not passed asks
 * again: decisions of a dead workflow do not count for a new one.
 */
export function fold({ plan, run, people, rows }: FoldInput): RunState {
  const started = rows.map((r) => r.body as Body).find((b) => b?.['word'] === 'start');
  const at = rows[0]?.at ?? '';
  const fresh = initialState(plan, { run, requestedBy: text(started, 'by') || 'unknown', at, people });
  const state = rows.flatMap((row) => eventsOf(row)).reduce((s, event) => apply(plan, s, event), fresh);
  const last = rows[rows.length - 1];
  return {
    ...state,
    head: last ? { seq: last.seq, hash: last.hash } : state.head,
    notes: [],
    noteSeq: Math.max(0, ...rows.map((r) => Number(r.noteId?.slice(1) ?? 0))),
    steps: state.steps.map((s) =>
      s.status === 'running'
        ? { ...s, round: s.round + 1 }
        : s.status === 'undoing'
          ? { ...s, undoRound: s.undoRound + 1 }
          : s,
    ),
    gates: state.gates.map((g) =>
      g.status === 'passed' ? g : { phase: g.phase, status: 'pending' as const, decisions: [] },
    ),
  };
}

type Body = Readonly<Record<string, unknown>> | null;

function eventsOf(row: LedgerRow): readonly RunEvent[] {
  const { step, at, verb } = row;
  const body = row.body as Body;
  if (verb === 'note') return noteEvents(row.event, body, at);
  const head = { seq: row.seq, hash: row.hash };
  if (row.event === 'start') {
    const round: RunEvent = { type: 'round', step, verb, round: row.round };
    return [round, verb === 'do' ? { type: 'step-started', step, at } : { type: 'undo-started', step, at }];
  }
  if (row.event !== 'end') return [];
  const result = { evidence: body?.['evidence'] as Evidence, head, ms: Number(body?.['ms'] ?? 0) };
  return [
    { type: verb === 'do' ? 'step-ended' : 'undo-ended', step, at, result, notesThrough: Number.MAX_SAFE_INTEGER },
  ];
}

function noteEvents(event: LedgerRow['event'], body: Body, at: string): readonly RunEvent[] {
  const gate = text(body, 'gate');
  if (event === 'gate-opened' && isPhase(gate)) return [];
  if (event === 'gate-closed' && isPhase(gate) && text(body, 'outcome') === 'passed')
    return [{ type: 'gate-passed', phase: gate, at }];
  if (event === 'parked') return [{ type: 'held', hold: holdOf(body, at) }];
  return event === 'operator' ? operatorEvents(body, at) : [];
}

function operatorEvents(body: Body, at: string): readonly RunEvent[] {
  const [by, step, reason] = [text(body, 'by'), text(body, 'step'), text(body, 'reason')];
  switch (text(body, 'word')) {
    case 'resume':
      return [{ type: 'resumed', by, at }];
    case 'retry':
      return [{ type: 'retried', by, comment: text(body, 'comment'), at }];
    case 'skip':
      return [{ type: 'skipped', step, by, reason, at }];
    case 'tick':
      return [{ type: 'ticked', step, tick: { by, proof: text(body, 'proof'), at } }];
    case 'rollback-begun':
      return [{ type: 'rollback-begun', reason, at }];
    default:
      return [];
  }
}

function holdOf(body: Body, at: string): Hold {
  const step = text(body, 'step');
  return {
    kind: 'parked',
    reason: text(body, 'reason'),
    at,
    options: ['retry', 'rollback', 'abort'],
    ...(step ? { step } : {}),
  };
}

function text(body: Body | undefined, name: string): string {
  const value = body?.[name];
  return typeof value === 'string' ? value : '';
}
