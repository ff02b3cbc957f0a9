import { nextMove } from '../../../src/core/next-move';
import { refusesRollback, rollbackWanting, undoList } from '../../../src/core/rollback';
import type { RunState } from '../../../src/core/state';
import { AT, after, freshState, gateOpened, plan, stepDone } from '../../support/small-plan';

const through = (...ids: readonly string[]): RunState =>
  ids.reduce((state, id, i) => {
    const phase = plan.steps.find((s) => s.id === id)!.phase;
    const gated = plan.gates[phase]
      ? after(state, gateOpened(state, phase), { type: 'gate-passed', phase, at: AT })
      : state;
    return after(gated, ...stepDone(id, i + 1));
  }, freshState());

describe('the next move', () => {
  test('begins with the first step', () =>
    expect(nextMove(plan, freshState())).toMatchObject({ kind: 'do', step: { id: 'preflight/claim' } }));

  test('opens the gate before a gated phase, waits at it, takes the facts again, and only then goes on', () => {
    const ready = through('preflight/claim');
    expect(nextMove(plan, ready)).toEqual({ kind: 'open-gate', phase: 'expand' });
    const open = after(ready, gateOpened(ready, 'expand'));
    expect(nextMove(plan, open)).toEqual({ kind: 'await-gate', phase: 'expand' });
    const approved = {
      ...open,
      gates: open.gates.map((g) => (g.phase === 'expand' ? { ...g, status: 'approved' as const } : g)),
    };
    expect(nextMove(plan, approved)).toEqual({ kind: 'confirm-gate', phase: 'expand' });
    expect(nextMove(plan, after(approved, { type: 'gate-passed', phase: 'expand', at: AT }))).toMatchObject({
      kind: 'do',
      step: { id: 'expand/sql' },
    });
  });

  test('after facts that differ asks again with an empty list of decisions', () => {
    const ready = through('preflight/claim');
    const state = after(ready, gateOpened(ready, 'expand'), {
      type: 'gate-reopened',
      phase: 'expand',
      why: 'catalog was a and is b',
      at: AT,
    });
    expect(nextMove(plan, state)).toEqual({ kind: 'open-gate', phase: 'expand' });
    expect(state.gates[0]).toMatchObject({ status: 'pending', decisions: [], reopened: 'catalog was a and is b' });
  });

  test('stands still while parked and goes on after a retry, in a new round', () => {
    const failed = after(
      through(),
      { type: 'step-started', step: 'preflight/claim', at: AT },
      { type: 'step-failed', step: 'preflight/claim', at: AT, failure: { type: 'Refused', message: 'no' } },
    );
    expect(nextMove(plan, failed)).toEqual({ kind: 'await-operator' });
    const again = after(failed, { type: 'retried', by: 'dba-1', comment: '', at: AT });
    expect(nextMove(plan, again)).toMatchObject({ kind: 'do', step: { id: 'preflight/claim' } });
    expect(again.steps[0]).toMatchObject({ round: 2 });
  });

  test('a verdict that is not pass parks: a bad answer is an answer', () => {
    const state = after(freshState(), ...stepDone('preflight/claim', 1, 'inconclusive'));
    expect(nextMove(plan, state)).toEqual({ kind: 'await-operator' });
    expect(state.hold?.reason).toContain('inconclusive');
  });

  test('rolls back newest first, begun but unfinished steps included, and ends when nothing is left', () => {
    const begun = after(through('preflight/claim', 'expand/sql'), {
      type: 'step-started',
      step: 'backfill/sql',
      at: AT,
    });
    const back = after(begun, { type: 'rollback-begun', reason: 'asked', at: AT });
    expect(undoList(plan, back)).toEqual(['backfill/sql', 'expand/sql', 'preflight/claim']);
    const undone = undoList(plan, back).reduce(
      (s, step, i) =>
        after(
          s,
          { type: 'undo-started', step, at: AT },
          {
            type: 'undo-ended',
            step,
            at: AT,
            notesThrough: 10_000,
            result: { evidence: { verdict: 'pass', summary: '', checks: [] }, head: { seq: 10 + i, hash: 'h' }, ms: 1 },
          },
        ),
      back,
    );
    expect(nextMove(plan, undone)).toEqual({ kind: 'finish', outcome: 'rolled-back' });
  });

  test('a failing undo parks and never goes on to the next', () => {
    const back = after(through('preflight/claim', 'expand/sql'), { type: 'rollback-begun', reason: 'asked', at: AT });
    const failed = after(
      back,
      { type: 'undo-started', step: 'expand/sql', at: AT },
      { type: 'undo-failed', step: 'expand/sql', at: AT, failure: { type: 'Blocked', message: 'pid 7' } },
    );
    expect(nextMove(plan, failed)).toEqual({ kind: 'await-operator' });
    expect(nextMove(plan, after(failed, { type: 'retried', by: 'dba-1', comment: '', at: AT }))).toMatchObject({
      kind: 'undo',
      step: { id: 'expand/sql' },
    });
  });

  test('turns back by itself where the plan says so, and never in contract', () => {
    const turning = { ...plan, onFailure: { backfill: 'rollback' as const, contract: 'rollback' as const } };
    const { apply } = jest.requireActual<typeof import('../../../src/core/apply')>('../../../src/core/apply');
    const failure = { type: 'Refused' as const, message: 'no' };
    const begun = after(through('preflight/claim', 'expand/sql'), {
      type: 'step-started',
      step: 'backfill/sql',
      at: AT,
    });
    expect(apply(turning, begun, { type: 'step-failed', step: 'backfill/sql', at: AT, failure }).direction).toBe(
      'back',
    );
    const late = after(through('preflight/claim', 'expand/sql', 'backfill/sql', 'cutover/switch'), {
      type: 'step-started',
      step: 'contract/drop',
      at: AT,
    });
    expect(apply(turning, late, { type: 'step-failed', step: 'contract/drop', at: AT, failure })).toMatchObject({
      direction: 'forward',
      status: 'awaiting-operator',
    });
  });
  test.each(['Blocked', 'Unavailable', 'StaleToken', 'TargetClaimed'] as const)(
    'parks, whatever the plan says, over %s: it says nothing about the data, and the way back would meet it too',
    (type) => {
      const turning = { ...plan, onFailure: { backfill: 'rollback' as const } };
      const { apply } = jest.requireActual<typeof import('../../../src/core/apply')>('../../../src/core/apply');
      const begun = after(through('preflight/claim', 'expand/sql'), {
        type: 'step-started',
        step: 'backfill/sql',
        at: AT,
      });
      const failure = { type, message: 'pid 7 holds the table' };
      expect(apply(turning, begun, { type: 'step-failed', step: 'backfill/sql', at: AT, failure })).toMatchObject({
        direction: 'forward',
        hold: { kind: 'parked', options: ['retry', 'rollback', 'abort'] },
      });
    },
  );
});

describe('a rollback', () => {
  test('refuses to roll back after the point of no return', () => {
    const late = after(through('preflight/claim', 'expand/sql', 'backfill/sql', 'cutover/switch'), {
      type: 'step-started',
      step: 'contract/drop',
      at: AT,
    });
    expect(refusesRollback(plan, late)).toMatch(/past the point of no return/);
  });
  test('before the cutover wants one person with a role', () => {
    const state = through('preflight/claim', 'expand/sql');
    expect(refusesRollback(plan, state)).toBeUndefined();
    expect(rollbackWanting(plan, state)).toBe('one person with a role');
  });
  test('after the cutover wants the quorum of the next gate', () => {
    const state = through('preflight/claim', 'expand/sql', 'backfill/sql', 'cutover/switch');
    expect(rollbackWanting(plan, state)).toBe('2 × lead');
  });
  test('refuses when a step without a way back was begun', () => {
    const fixed = {
      ...plan,
      steps: plan.steps.map((s) => (s.id === 'expand/sql' ? { ...s, irreversible: 'it sends mail' } : s)),
    };
    expect(refusesRollback(fixed, through('preflight/claim', 'expand/sql'))).toMatch(
      /expand\/sql is irreversible: it sends mail/,
    );
  });
});

test('notes that come while a verb runs wait for the next verb', () => {
  const begun = after(freshState(), { type: 'step-started', step: 'preflight/claim', at: AT });
  const noted = after(begun, { type: 'held', hold: { kind: 'paused', reason: 'x', at: AT, options: [] } });
  const ended = after(noted, {
    type: 'step-ended',
    step: 'preflight/claim',
    at: AT,
    notesThrough: begun.noteSeq,
    result: { evidence: { verdict: 'pass', summary: '', checks: [] }, head: { seq: 1, hash: 'h' }, ms: 1 },
  });
  expect(ended.notes.map((n) => n.event)).toEqual(['operator']);
});
