import { currentDetails, headline, phaseLines } from '../../../src/core/describe-run';
import type { CompiledPlan } from '../../../src/core/plan';
import { possibleWords } from '../../../src/core/possible-words';
import type { RunState } from '../../../src/core/state';
import type { Step } from '../../../src/core/step';
import { awaitedTick, awaitedWindow, ticksAhead } from '../../../src/core/waits';
import { AT, after, freshState, gateOpened, plan, planDigest, stepDone } from '../../support/small-plan';

const query: Step = {
  id: 'backfill/sql',
  phase: 'backfill',
  kind: 'query',
  target: 'app',
  title: 'q',
  args: { sql: 'select 1', expect: { rows: 1 }, as: ['owner'] },
};

function byHand(id: string): Step {
  const phase = id.split('/')[0] as Step['phase'];
  return { id, phase, kind: 'manual', target: 'app', title: 'm', args: { what: 'tell support', role: 'lead' } };
}

const withStep = (step: Step): CompiledPlan => ({
  ...plan,
  steps: plan.steps.map((s) => (s.id === step.id ? step : s)),
});

/** Through the gate of expand, with the step before backfill done. */
function beforeBackfill(): RunState {
  const ready = after(freshState(), ...stepDone('preflight/claim', 1));
  return after(
    ready,
    gateOpened(ready, 'expand'),
    { type: 'gate-passed', phase: 'expand', at: AT },
    ...stepDone('expand/sql', 2),
  );
}

const parked = (): RunState => after(beforeBackfill(), ...stepDone('backfill/sql', 3, 'fail'));
const words = (of: CompiledPlan, state: RunState) => possibleWords(of, state).map((w) => w.word);

describe('what can be said to a run that stands still', () => {
  it('is what would be followed now, with its command and its quorum', () => {
    const possible = possibleWords(withStep(query), parked());
    expect(possible.map((w) => w.word)).toEqual(['retry', 'skip', 'rollback', 'abort']);
    expect(possible.find((w) => w.word === 'skip')).toMatchObject({
      command: expect.stringMatching(/^cutover skip --plan small .*--comment/),
      wants: '1 × lead and 1 × sre',
    });
    expect(possible.find((w) => w.word === 'rollback')?.wants).toBe('one person with a role');
  });

  it('leaves out a skip of what later steps stand on', () => {
    expect(words(plan, parked())).toEqual(['retry', 'rollback', 'abort']);
  });

  it('leaves out a rollback where a step that was begun has no way back', () => {
    const fixed = plan.steps.map((s) => (s.id === 'expand/sql' ? { ...s, irreversible: 'the row stays' } : s));
    expect(words({ ...plan, steps: fixed }, parked())).toEqual(['retry', 'abort']);
  });

  it('leaves out both while it rolls back', () => {
    const back = after(
      parked(),
      { type: 'rollback-begun', reason: 'asked', at: AT },
      { type: 'undo-started', step: 'backfill/sql', at: AT },
      { type: 'undo-failed', step: 'backfill/sql', at: AT, failure: { type: 'Refused', message: 'no' } },
    );
    expect(words(withStep(query), back)).toEqual(['retry', 'abort']);
  });

  it('counts the votes that were given', () => {
    const vote = {
      gate: 'skip backfill/sql #1',
      nonce: '',
      evidenceDigest: planDigest,
      decision: 'approve' as const,
      approver: 'lead-1',
      roles: ['lead'],
      comment: 'known',
      via: 'update' as const,
      at: AT,
    };
    const voted = after(parked(), { type: 'skip-vote', vote });
    expect(possibleWords(withStep(query), voted).find((w) => w.word === 'skip')?.wants).toBe('1 × sre');
  });

  it('is in the headline and in the current details, with the signal that says it', () => {
    const of = withStep(query);
    expect(headline(of, parked())).toContain('You can: retry, skip, rollback, abort.');
    const details = currentDetails(of, parked());
    expect(details).toContain('### Parked since');
    expect(details).toContain('cutover skip --plan small --as <your name> --comment <why>');
    expect(details).toContain('"verb":"<word>"');
  });
});

describe('a manual step that is awaited', () => {
  const of = withStep(byHand('backfill/sql'));

  it('is shown with who may tick it, the command and the signal', () => {
    const state = after(beforeBackfill(), { type: 'tick-awaited', step: 'backfill/sql', at: AT });
    expect(awaitedTick(of, state)?.id).toBe('backfill/sql');
    expect(headline(of, state)).toBe('backfill/sql: waits for 1 × lead (lead-1 or lead-2) to tick it: tell support');
    expect(phaseLines(of, state).find((l) => l.phase === 'backfill')?.mark).toBe('waiting');
    const details = currentDetails(of, state);
    expect(details).toContain('cutover tick backfill/sql --plan small');
    expect(details).toContain('"verb":"tick","step":"backfill/sql"');
  });

  it('may be ticked before the run comes to it', () => {
    expect(ticksAhead(of, freshState(of)).map((s) => s.id)).toEqual(['backfill/sql']);
    const tick = { by: 'lead-1', proof: 'mail 7', at: AT };
    expect(ticksAhead(of, after(freshState(of), { type: 'ticked', step: 'backfill/sql', tick }))).toEqual([]);
  });
});

describe('a gate whose window has not come', () => {
  const spec = plan.gates.expand;
  const window = { from: '22:00', to: '05:00', tz: 'Europe/Berlin' };
  const of: CompiledPlan = { ...plan, gates: { ...plan.gates, ...(spec ? { expand: { ...spec, window } } : {}) } };

  it('is shown with its hours and the time when it opens', () => {
    const ready = after(freshState(), ...stepDone('preflight/claim', 1));
    const approval = {
      gate: 'expand',
      nonce: 'n-1',
      evidenceDigest: planDigest,
      decision: 'approve' as const,
      approver: 'dba-1',
      roles: ['dba'],
      comment: '',
      via: 'update' as const,
      at: AT,
    };
    const state = after(
      ready,
      gateOpened(ready, 'expand'),
      { type: 'decided', decision: approval, settles: 'approved' },
      { type: 'gate-waits', phase: 'expand', until: '2026-11-21T21:00:00.000Z', at: AT },
    );
    expect(awaitedWindow(of, state)).toMatchObject({ phase: 'expand', hours: '22:00 to 05:00 Europe/Berlin' });
    expect(headline(of, state)).toContain('opens at 2026-11-21T21:00:00.000Z');
    expect(phaseLines(of, state).find((l) => l.phase === 'expand')).toMatchObject({
      mark: 'waiting',
      text: expect.stringContaining('window opens at 2026-11-21T21:00:00.000Z'),
    });
  });
});

describe('an end', () => {
  it('says why', () => {
    const state = after(beforeBackfill(), { type: 'aborted', by: 'lead-1', comment: 'postponed', at: AT });
    expect(headline(plan, state)).toBe('aborted: lead-1 aborted it: postponed');
    expect(possibleWords(plan, state)).toEqual([]);
  });
});

describe('a skipped step', () => {
  it('is counted as such and named with its reason', () => {
    const of = withStep(query);
    const skipped = { type: 'skipped' as const, step: 'backfill/sql', by: 'lead-1 and sre-1', reason: 'known', at: AT };
    const state = after(parked(), skipped);
    expect(phaseLines(of, state).find((l) => l.phase === 'backfill')?.text).toContain('1 skipped');
    expect(currentDetails(of, state)).toContain('backfill/sql: skipped by lead-1 and sre-1: known');
  });
});
