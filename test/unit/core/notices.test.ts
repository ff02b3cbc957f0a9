import { noticeOf, standing } from '../../../src/core/notices';
import { after, AT, freshState, gateOpened, plan, stepDone } from '../../support/small-plan';
import type { RunEvent } from '../../../src/core/events';
import type { RunState } from '../../../src/core/state';

const ready = after(freshState(), ...stepDone('preflight/claim', 1));
const open = gateOpened(ready, 'expand');

function told(before: RunState, event: RunEvent) {
  return noticeOf(plan, after(before, event), event);
}

describe('what people are told', () => {
  it('is whom an open gate waits for, by name, and until when', () => {
    const notice = told(ready, { ...open, deadline: '2026-11-21T13:00:00.000Z' } as RunEvent);
    expect(notice).toMatchObject({ event: 'gate', subject: 'expand', at: AT });
    expect(notice?.text).toMatch(/^Gate before expand is open and waits for .*-1.* until 2026-11-21T13:00:00\.000Z\.$/);
    expect(told(ready, open)?.text).not.toContain('until');
  });

  it('is the reminder, word for word', () => {
    const text = 'Gate before expand still waits for 1 × dba.';
    expect(told(after(ready, open), { type: 'gate-reminded', phase: 'expand', at: AT, text })).toEqual({
      ...{ event: 'reminder', subject: 'expand', text, at: AT },
    });
  });

  it('is that the run parked, and why', () => {
    const [started, ended] = stepDone('expand/sql', 2, 'fail');
    const approved = after(ready, open, { type: 'gate-passed', phase: 'expand', at: AT });
    if (!started || !ended) throw new Error('A step has a start and an end.');
    const parked = after(approved, started, ended);
    expect(noticeOf(plan, parked, ended)).toMatchObject({
      event: 'parked',
      subject: 'expand/sql',
      text: parked.hold?.reason,
    });
  });

  it('is the end, with its reason', () => {
    const notice = told(ready, { type: 'aborted', by: 'lead-1', comment: 'not today', at: AT });
    expect(notice).toMatchObject({ event: 'done', subject: ready.run.plan });
    expect(notice?.text).toMatch(/^The run has ended: aborted/);
  });

  it('is nothing where nobody waits: a step that is no freeze, a decision', () => {
    for (const event of stepDone('expand/sql', 2)) {
      const state = after(ready, open, { type: 'gate-passed', phase: 'expand', at: AT });
      expect(noticeOf(plan, after(state, ...stepDone('expand/sql', 2)), event)).toBeUndefined();
    }
    expect(told(after(ready, open), { type: 'gate-passed', phase: 'expand', at: AT })).toBeUndefined();
  });
});

it('how it stands names the phase, the steps that are done and the gate that is open', () => {
  expect(standing(plan, after(ready, open), AT)).toEqual({
    ...{ event: 'tick', subject: 'expand', at: AT },
    text: `awaiting-approval, phase expand: 1 of ${plan.steps.length} steps done; gate before expand is open`,
  });
});
