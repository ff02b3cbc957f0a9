import { extendVote, extendWanting, gateToExtend, refusesExtend } from '../../../src/core/extend';
import type { Decision } from '../../../src/core/decision';
import type { RunEvent } from '../../../src/core/events';
import { refusesWord } from '../../../src/core/operate';
import type { OperateMessage } from '../../../src/core/operate-message';
import type { RunState } from '../../../src/core/state';
import { after, AT, freshState, gateOpened, plan, planDigest, stepDone } from '../../support/small-plan';

const NOW = '2026-11-21T12:00:00.000Z';
const DEADLINE = '2026-11-21T13:00:00.000Z';
const LATER = '2026-11-21T15:00:00.000Z';

const ready = after(freshState(), ...stepDone('preflight/claim', 1));
const open = after(ready, { ...gateOpened(ready, 'expand'), deadline: DEADLINE } as RunEvent);
const without = after(ready, gateOpened(ready, 'expand'));
const word = (more: Partial<OperateMessage> = {}): OperateMessage => ({
  ...{ verb: 'extend', as: 'lead-1', comment: 'on the train', until: LATER },
  ...more,
});

describe('more time for a gate', () => {
  it('is for the gate that waits with a deadline', () => {
    expect(gateToExtend(open)?.phase).toBe('expand');
    expect(refusesExtend(open, word(), NOW)).toBeUndefined();
    expect(refusesExtend(without, word(), NOW)).toMatch(/No gate is open that has a deadline/);
    expect(refusesExtend(freshState(), word(), NOW)).toMatch(/nothing to extend/);
  });

  it.each([
    ['no time', { until: undefined }, /needs its new deadline/],
    ['a time that is none', { until: 'tomorrow' }, /needs its new deadline/],
    ['an earlier time: nobody shall be hurried', { until: '2026-11-21T12:30:00Z' }, /is not later/],
    ['the same time', { until: DEADLINE }, /is not later/],
    ['more than 30 days', { until: '2026-12-22T12:00:00Z' }, /more than 30 days/],
    ['no reason', { comment: '  ' }, /needs a reason/],
  ])('is refused with %s', (_title, more, sentence) => {
    const { until = word().until, ...rest } = more as Partial<OperateMessage>;
    const message =
      'until' in more && more.until === undefined
        ? withoutTime()
        : word({ ...rest, ...(until === undefined ? {} : { until }) });
    expect(refusesExtend(open, message, NOW)).toMatch(sentence);
  });

  it("wants the gate's own quorum, each of them for the same time and this opening of the gate", () => {
    const one = after(open, vote(open, 'lead-1', LATER));
    const wanting = extendWanting(plan, open, LATER);
    expect(wanting).toMatch(/×/);
    expect(extendWanting(plan, after(open, vote(open, 'eve', LATER)), LATER)).toBe(wanting);
    expect(extendWanting(plan, after(open, ...quorum(open, '2026-11-21T16:00:00.000Z')), LATER)).toBe(wanting);
    expect(extendWanting(plan, after(one, ...quorum(open, LATER)), LATER)).toBeUndefined();
  });

  it('refuses the voice of somebody whom the gate does not ask, and says whom it asks', () => {
    expect(refusesWord(plan, open, word({ as: 'dba-1' }), NOW)).toBeUndefined();
    expect(refusesWord(plan, open, word({ as: 'lead-1' }), NOW)).toBe(
      '"lead-1" has the roles lead; more time for this gate asks for 1 × dba.',
    );
  });

  it('forgets the votes and the reminders of the old deadline', () => {
    const voted = after(open, ...quorum(open, LATER), {
      type: 'gate-reminded',
      phase: 'expand',
      at: NOW,
      text: 'waits',
    });
    const extended = after(voted, {
      ...{ type: 'gate-extended', phase: 'expand', deadline: LATER, by: 'lead-1', reason: 'on the train', at: NOW },
    });
    expect(extended.extendVotes).toBeUndefined();
    expect(gateToExtend(extended)).toMatchObject({ deadline: LATER, reminded: 0, extendedAt: NOW });
    expect(extended.notes.at(-1)?.body).toMatchObject({ word: 'extend', deadline: LATER, reason: 'on the train' });
  });
});

function withoutTime(): OperateMessage {
  const { until: _none, ...rest } = word();
  return rest;
}

function quorum(state: RunState, until: string) {
  return ['lead-1', 'sre-1', 'dba-1'].map((name) => vote(state, name, until));
}

function vote(state: RunState, approver: string, until: string) {
  const gate = gateToExtend(state);
  const decision: Decision = {
    ...{
      gate: gate ? extendVote(gate, until) : '',
      nonce: '',
      evidenceDigest: planDigest,
      decision: 'approve',
      approver,
    },
    ...{ roles: [], comment: '', via: 'update', at: AT },
  };
  return { type: 'extend-vote' as const, vote: decision };
}
