import type { Decision } from '../../../src/core/decision';
import { impossible, judgeDecision, missing, settle } from '../../../src/core/gate';
import { AT, after, freshState, gateOpened, people, plan, planDigest, stepDone, vote } from '../../support/small-plan';

const open = () => {
  const before = after(freshState(), ...stepDone('preflight/claim', 1));
  return after(before, gateOpened(before, 'expand'));
};

function decision(approver: string, word: 'approve' | 'reject' = 'approve'): Decision {
  return {
    gate: 'cutover',
    nonce: 'n',
    evidenceDigest: 'e',
    decision: word,
    approver,
    roles: [],
    comment: '',
    via: 'update',
    at: AT,
  };
}

describe('a decision counts only', () => {
  const state = open();
  const good = vote(state, 'expand', 'dba-1');
  test.each([
    ['from somebody in the people file', { ...good, approver: 'nobody-1' }, /not in the people file/],
    [
      'from a role that the gate asks for',
      { ...good, approver: 'lead-1' },
      /has the roles lead; gate expand asks for 1 × dba/,
    ],
    [
      'for a gate of the plan',
      { ...good, gate: 'observe' },
      /no gate "observe"; its gates are expand, cutover, contract/,
    ],
    ['while the gate is open', { ...good, gate: 'cutover', approver: 'sre-1' }, /not open yet/],
    ['for the plan that runs', { ...good, planDigest: 'sha256:other' }, /The decision is for plan sha256:other/],
    ['for this opening of the gate', { ...good, nonce: 'earlier' }, /earlier opening/],
    ['for the evidence that is shown', { ...good, evidenceDigest: 'sha256:other' }, /for evidence sha256:other/],
  ])('%s', (_title, message, reason) => {
    const judgement = judgeDecision(plan, state, message, AT);
    expect(judgement).toMatchObject({ counts: false });
    expect(judgement.counts ? '' : judgement.reason).toMatch(reason);
  });

  test('once per person and word', () => {
    const decided = after(state, {
      type: 'decided',
      decision: { ...decision('dba-1'), gate: 'expand' },
      settles: 'open',
    });
    expect(judgeDecision(plan, decided, good, AT)).toMatchObject({
      counts: false,
      reason: expect.stringContaining('already decided'),
    });
    expect(judgeDecision(plan, decided, { ...good, decision: 'reject' }, AT)).toMatchObject({ counts: true });
  });

  test('when all of it fits', () =>
    expect(judgeDecision(plan, state, good, AT)).toEqual({ counts: true, roles: ['dba'] }));

  test('early when it is a reject: it holds the gate; an early approve cannot know the nonce', () => {
    const early = { ...good, gate: 'cutover' as const, approver: 'lead-1', nonce: '', evidenceDigest: '', planDigest };
    expect(judgeDecision(plan, state, { ...early, decision: 'reject' }, AT)).toMatchObject({ counts: true });
    expect(judgeDecision(plan, state, early, AT)).toMatchObject({ counts: false });
  });

  test('from somebody else than the requester, where the gate says so', () => {
    const strict = { ...plan, gates: { ...plan.gates, expand: { ...plan.gates.expand!, excludeRequester: true } } };
    const own = { ...state, requestedBy: 'dba-1' };
    expect(judgeDecision(strict, own, good, AT)).toMatchObject({
      counts: false,
      reason: expect.stringContaining('excludes the requester'),
    });
  });
});

describe('a quorum', () => {
  const spec = plan.gates.cutover!;
  test('waits for every role', () => expect(settle(spec, [decision('lead-1')], people)).toBe('open'));
  test('is reached by distinct people', () =>
    expect(settle(spec, [decision('lead-1'), decision('sre-1')], people)).toBe('approved'));
  test('is ended by one reject', () =>
    expect(settle(spec, [decision('lead-1'), decision('sre-1', 'reject')], people)).toBe('rejected'));
  test('counts a person with two roles once', () => {
    const both = [
      { role: 'sre', count: 1 },
      { role: 'dba', count: 1 },
    ];
    expect(missing(both, [decision('sre-1')], people)).toHaveLength(1);
    expect(missing(both, [decision('sre-1'), decision('dba-1')], people)).toEqual([]);
    expect(missing([...both].reverse(), [decision('sre-1'), decision('dba-1')], people)).toEqual([]);
  });
  test('does not count whoever has lost the role since', () => {
    const later = { ...people, roles: { ...people.roles, 'sre-1': ['dba'] } };
    expect(settle(spec, [decision('lead-1'), decision('sre-1')], later)).toBe('open');
  });
  test('that nobody can fill is named', () => {
    expect(impossible({ ...spec, require: [{ role: 'lead', count: 3 }] }, people, 'lead-1')).toMatch(
      /too few for 1 × lead/,
    );
    expect(impossible(spec, people, 'lead-1')).toBeUndefined();
  });
});
