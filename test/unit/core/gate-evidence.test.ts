import { done } from '../../../src/core/evidence';
import { gateEvidence } from '../../../src/core/gate-evidence';
import type { CompiledPlan } from '../../../src/core/plan';
import { after, AT, freshState, plan, stepDone } from '../../support/small-plan';

const FACTS = { material: { fingerprint: 'f' }, shown: {} };

describe('what a gate shows beside its facts', () => {
  it('is every warning of a step, each whole: displays begin a new line at "; "', () => {
    const figures = { rows: 7, 'warning 1': 'two sorts of _id; look at them', 'warning 2': 'no index' };
    const [started] = stepDone('preflight/claim', 1);
    if (!started) throw new Error('A step has a start.');
    const state = after(freshState(), started, {
      ...{ type: 'step-ended', step: 'preflight/claim', at: AT, notesThrough: 10 },
      result: { evidence: { ...done('looked'), figures }, head: { seq: 1, hash: 'h' }, ms: 1 },
    });
    const { shown } = gateEvidence(plan, state, 'expand', FACTS);
    expect(shown['warnings']?.split('; ')).toEqual(['two sorts of _id, look at them', 'no index']);
  });

  it('is what has no way back up to the next gate, and the point of no return before contract', () => {
    const fixed: CompiledPlan = {
      ...plan,
      steps: plan.steps.map((s) => (s.phase === 'contract' ? s : { ...s, irreversible: `${s.phase} stays; for good` })),
    };
    const { shown } = gateEvidence(fixed, freshState(), 'expand', FACTS);
    expect(shown['noWayBack']?.split('; ')).toEqual([
      'expand/sql: expand stays, for good',
      'backfill/sql: backfill stays, for good',
    ]);
    expect(gateEvidence(fixed, freshState(), 'contract', FACTS).shown['pointOfNoReturn']).toContain('restore');
    expect(shown['pointOfNoReturn']).toBeUndefined();
  });

  it('moves without the digest: it is bound to the material and nothing else', () => {
    const one = gateEvidence(plan, freshState(), 'expand', FACTS);
    expect(gateEvidence(plan, freshState(), 'expand', { ...FACTS, shown: { rows: '9' } }).digest).toBe(one.digest);
    expect(gateEvidence(plan, freshState(), 'expand', { ...FACTS, material: { fingerprint: 'g' } }).digest).not.toBe(
      one.digest,
    );
  });
});
