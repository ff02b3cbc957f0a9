import { apply } from '../../../src/core/apply';
import type { RunEvent } from '../../../src/core/events';
import { fold } from '../../../src/core/fold';
import type { Json } from '../../../src/core/json';
import { rowHash, type LedgerRow } from '../../../src/core/ledger-row';
import type { RunState } from '../../../src/core/state';
import type { Verb } from '../../../src/core/step';
import type { LedgerNote } from '../../../src/core/verb';
import { AT, freshState, gateOpened, people, plan } from '../../support/small-plan';

/** A run that writes its ledger as the wrapper does: notes first, then start and end of each verb. */
class Written {
  state: RunState = freshState();
  readonly rows: (LedgerRow & { noteId?: string })[] = [];

  constructor() {
    this.append('run', 'note', 0, 'plan', plan as unknown as Json);
  }

  on(...events: readonly RunEvent[]): this {
    for (const event of events) this.state = apply(plan, this.state, event);
    return this;
  }

  begin(step: string, verb: Verb = 'do'): this {
    this.on({ type: verb === 'do' ? 'step-started' : 'undo-started', step, at: AT });
    for (const note of this.state.notes) this.note(note);
    const own = this.state.steps.find((s) => s.id === step)!;
    this.append(step, verb, verb === 'do' ? own.round : own.undoRound, 'start', {});
    return this;
  }

  end(step: string, verb: Verb = 'do', verdict: 'pass' | 'fail' = 'pass'): this {
    const own = this.state.steps.find((s) => s.id === step)!;
    const evidence = { verdict, summary: 'so', checks: [] };
    const row = this.append(step, verb, verb === 'do' ? own.round : own.undoRound, 'end', { evidence, ms: 5 });
    return this.on({
      type: verb === 'do' ? 'step-ended' : 'undo-ended',
      step,
      at: row.at,
      result: { evidence, ms: 5, head: { seq: row.seq, hash: row.hash } },
      notesThrough: this.state.noteSeq,
    });
  }

  done(...ids: readonly string[]): this {
    for (const id of ids) {
      const phase = plan.steps.find((s) => s.id === id)!.phase;
      if (plan.gates[phase] && this.state.gates.find((g) => g.phase === phase)?.status !== 'passed') {
        this.on(gateOpened(this.state, phase), { type: 'gate-passed', phase, at: AT });
      }
      this.begin(id).end(id);
    }
    return this;
  }

  folded(): RunState {
    return fold({ plan, run: this.state.run, people, rows: this.rows });
  }

  private note(note: LedgerNote): void {
    this.append('run', 'note', 0, note.event, { at: note.at, ...(note.body as object) }, note.id);
  }

  private append(
    step: string,
    verb: LedgerRow['verb'],
    round: number,
    event: LedgerRow['event'],
    body: Json,
    noteId?: string,
  ): LedgerRow {
    const content = {
      seq: this.rows.length + 1,
      step,
      verb,
      round,
      event,
      body,
      at: AT,
      prevHash: this.rows.at(-1)?.hash ?? 'genesis',
    };
    const row = { ...content, hash: rowHash(content), ...(noteId ? { noteId } : {}) };
    this.rows.push(row);
    return row;
  }
}

const core = (state: RunState) => ({
  direction: state.direction,
  steps: state.steps.map((s) => [s.id, s.status, s.verdict]),
  passed: state.gates.filter((g) => g.status === 'passed').map((g) => g.phase),
  head: state.head,
  requestedBy: state.requestedBy,
});

describe('a run adopted from its ledger', () => {
  test('knows what was done and goes on behind the last row', () => {
    const run = new Written().done('preflight/claim', 'expand/sql');
    expect(core(run.folded())).toEqual(core(run.state));
    expect(run.folded().noteSeq).toBe(run.state.noteSeq);
  });

  test('begins what was under way in a new round', () => {
    const run = new Written().done('preflight/claim', 'expand/sql').begin('backfill/sql');
    expect(run.folded().steps.find((s) => s.id === 'backfill/sql')).toMatchObject({ status: 'running', round: 2 });
    expect(run.folded().head.seq).toBe(run.rows.length);
  });

  test('asks again at a gate that was open or approved: decisions of a dead workflow do not count', () => {
    const run = new Written().done('preflight/claim');
    run.on(gateOpened(run.state, 'expand')).begin('expand/sql');
    expect(run.folded().gates.find((g) => g.phase === 'expand')).toEqual({
      phase: 'expand',
      status: 'pending',
      decisions: [],
    });
  });

  test('stays parked where it was parked, and turned back where it had turned back', () => {
    const failed = new Written()
      .done('preflight/claim', 'expand/sql')
      .begin('backfill/sql')
      .end('backfill/sql', 'do', 'fail');
    expect(failed.folded()).toMatchObject({
      status: 'awaiting-operator',
      hold: { kind: 'parked', step: 'backfill/sql' },
    });
    const back = failed
      .on({ type: 'rollback-begun', reason: 'asked', at: AT })
      .begin('backfill/sql', 'undo')
      .end('backfill/sql', 'undo')
      .begin('expand/sql', 'undo');
    expect(back.folded()).toMatchObject({ direction: 'back', status: 'rolling-back' });
    expect(back.folded().hold).toBeUndefined();
    expect(core(back.folded()).steps).toEqual(core(back.state).steps);
    expect(back.folded().steps.find((s) => s.id === 'expand/sql')).toMatchObject({ undoRound: 2 });
  });
});
