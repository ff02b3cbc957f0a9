import type { Json } from '../../../src/core/json';
import type { LedgerRow } from '../../../src/core/ledger-row';
import { nextMove } from '../../../src/core/next-move';
import { type OperateMessage } from '../../../src/core/operate-message';
import { refusesWord } from '../../../src/core/operate';
import type { CompiledPlan } from '../../../src/core/plan';
import { refusesRelease } from '../../../src/core/release-claim';
import { skipVote, skipWanting } from '../../../src/core/skip';
import type { Step } from '../../../src/core/step';
import { AT, after, freshState, gateOpened, people, plan, planDigest, stepDone } from '../../support/small-plan';

const NOW = '2026-11-21T12:00:00.000Z';

const query: Step = {
  id: 'backfill/sql',
  phase: 'backfill',
  kind: 'query',
  target: 'app',
  title: 'q',
  args: { sql: 'select 1', expect: { rows: 1 }, as: ['owner'] },
};
const withQuery: CompiledPlan = { ...plan, steps: plan.steps.map((s) => (s.id === query.id ? query : s)) };
const parked = () => {
  const ready = after(freshState(), ...stepDone('preflight/claim', 1));
  const open = after(
    ready,
    gateOpened(ready, 'expand'),
    { type: 'gate-passed', phase: 'expand', at: AT },
    ...stepDone('expand/sql', 2),
  );
  return after(open, ...stepDone('backfill/sql', 3, 'fail'));
};
const say = (verb: OperateMessage['verb'], as: string, more: Partial<OperateMessage> = {}) => ({ verb, as, ...more });

describe('skipping', () => {
  test('needs a parked step and a reason', () => {
    expect(refusesWord(withQuery, freshState(), say('skip', 'lead-1', { comment: 'x' }), NOW)).toMatch(
      /nothing to skip/,
    );
    expect(refusesWord(withQuery, parked(), say('skip', 'lead-1'), NOW)).toMatch(/needs a reason/);
    expect(refusesWord(withQuery, parked(), say('skip', 'lead-1', { comment: 'known' }), NOW)).toBeUndefined();
  });
  test('is refused for what later steps stand on, whatever the environment', () => {
    expect(refusesWord(plan, parked(), say('skip', 'lead-1', { comment: 'known' }), NOW)).toMatch(
      /kind release is never skipped/,
    );
  });
  test('wants the quorum of the next gate, vote by vote, for this round only', () => {
    const vote = (approver: string, round = 1) => ({
      type: 'skip-vote' as const,
      vote: {
        gate: skipVote('backfill/sql', round),
        nonce: '',
        evidenceDigest: planDigest,
        decision: 'approve' as const,
        approver,
        roles: [],
        comment: 'known',
        via: 'update' as const,
        at: AT,
      },
    });
    const one = after(parked(), vote('lead-1'));
    expect(skipWanting(withQuery, one)).toBe('1 × sre');
    expect(skipWanting(withQuery, after(one, vote('sre-1')))).toBeUndefined();
    expect(skipWanting(withQuery, after(one, vote('sre-1', 2)))).toBe('1 × sre');
  });
  test('goes on behind the step, and an undo still visits it', () => {
    const skipped = after(parked(), {
      type: 'skipped',
      step: 'backfill/sql',
      by: 'lead-1 and sre-1',
      reason: 'known',
      at: AT,
    });
    expect(nextMove(withQuery, skipped)).toEqual({ kind: 'open-gate', phase: 'cutover' });
    const back = after(skipped, { type: 'rollback-begun', reason: 'asked', at: AT });
    expect(nextMove(withQuery, back)).toMatchObject({ kind: 'undo', step: { id: 'backfill/sql' } });
  });
});

describe('a manual step', () => {
  const manual: Step = {
    id: 'backfill/sql',
    phase: 'backfill',
    kind: 'manual',
    target: 'app',
    title: 'm',
    args: { what: 'tell support', role: 'lead' },
  };
  const withManual: CompiledPlan = { ...plan, steps: plan.steps.map((s) => (s.id === manual.id ? manual : s)) };
  const ready = () => {
    const first = after(freshState(), ...stepDone('preflight/claim', 1));
    return after(
      first,
      gateOpened(first, 'expand'),
      { type: 'gate-passed', phase: 'expand', at: AT },
      ...stepDone('expand/sql', 2),
    );
  };
  test('waits for its tick and is done only then', () => {
    expect(nextMove(withManual, ready())).toMatchObject({ kind: 'await-tick' });
    const ticked = after(ready(), {
      type: 'ticked',
      step: 'backfill/sql',
      tick: { by: 'lead-1', proof: 'ticket 7', at: AT },
    });
    expect(nextMove(withManual, ticked)).toMatchObject({ kind: 'do', step: { id: 'backfill/sql' } });
  });
  test.each([
    [
      'is ticked by its role only',
      say('tick', 'dba-1', { step: 'backfill/sql', comment: 'ticket 7' }),
      /role lead; "dba-1" has dba/,
    ],
    ['needs a proof', say('tick', 'lead-1', { step: 'backfill/sql' }), /needs a text that proves it/],
    [
      'is named',
      say('tick', 'lead-1', { step: 'expand/sql', comment: 'x' }),
      /no manual step of this plan; its manual steps are: backfill\/sql/,
    ],
  ])('%s', (_title, message, reason) => expect(refusesWord(withManual, ready(), message, NOW)).toMatch(reason));
});

describe('releasing a dead run’s claim', () => {
  const rows = [
    { event: 'plan', body: plan as unknown as Json, step: 'run' },
    { event: 'start', body: {}, step: 'expand/sql' },
  ] as unknown as readonly LedgerRow[];
  const ask = (by: readonly string[], comment = 'host died') =>
    refusesRelease(rows, people, { home: 'app', run: 'small', by, comment });
  test('wants the quorum of the next gate and a reason', () => {
    expect(ask(['lead-1'])).toMatch(/1 × sre wanting/);
    expect(ask(['lead-1', 'sre-1'])).toBeUndefined();
    expect(ask(['lead-1', 'sre-1'], ' ')).toMatch(/needs a reason/);
    expect(ask(['nobody-1'])).toMatch(/Nobody of nobody-1/);
  });
});
