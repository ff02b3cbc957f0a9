import { digestOf } from '../../../src/core/json';
import { gateState } from '../../../src/core/state';
import { deferred, fails, WORKFLOW_PEOPLE } from '../../support/fake-target';
import { recordHistory } from '../../support/record-history';
import { WorkflowBench } from '../../support/workflow-bench';
import { withGate, WORKFLOW_PLAN } from '../../support/workflow-plan';

jest.setTimeout(120_000);

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
afterEach(() => bench.afterEach());
afterAll(() => bench.close());

describe('a gate', () => {
  test('that is rejected parks the run; a retry puts the question anew, under another nonce', async () => {
    const run = await bench.start();
    const first = await run.untilOpen('expand');
    await run.decide('expand', 'dba-1', { decision: 'reject', comment: 'not today' });
    const parked = await run.untilStatus('awaiting-operator');
    expect(parked.hold?.reason).toBe('Gate expand was rejected by dba-1: not today.');
    expect(run.target.attempts).not.toContain('do expand/key');
    await run.must('retry', 'lead-1');
    const second = await run.untilOpen('expand', first.nonce);
    await recordHistory(run, 'reject');
    expect(second.decisions).toEqual([]);
    const stale = await run.decide('expand', 'dba-1', { nonce: first.nonce ?? '' });
    expect(stale).toMatchObject({ outcome: 'refused', reason: expect.stringMatching(/earlier opening/) as string });
    await run.pass('expand', 'dba-1');
    await run.untilOpen('cutover');
  });

  test('asks again and names the field when the facts change between approval and start', async () => {
    const run = await bench.start();
    await run.pass('expand', 'dba-1');
    const first = await run.untilOpen('cutover');
    run.target.material['catalog'] = 'sha256:other';
    await run.pass('cutover', 'lead-1', 'sre-1');
    const second = await run.untilOpen('cutover', first.nonce);
    expect(second.reopened).toBe('catalog was sha256:catalog and is sha256:other');
    expect(second.decisions).toEqual([]);
    expect(second.evidence?.digest).not.toBe(first.evidence?.digest);
    expect(run.target.attempts).not.toContain('do cutover/freeze');
    await run.pass('cutover', 'lead-1', 'sre-1');
    await run.untilOpen('contract');
    expect(run.target.attempts).toContain('do cutover/freeze');
  });

  test('asks again when the people file changes between approval and start', async () => {
    const run = await bench.start();
    const first = await run.untilOpen('expand');
    run.target.people = {
      ...WORKFLOW_PEOPLE,
      digest: 'sha256:fewer',
      roles: { ...WORKFLOW_PEOPLE.roles, 'dba-2': ['dba'] },
    };
    await run.pass('expand', 'dba-1');
    expect((await run.untilOpen('expand', first.nonce)).reopened).toBe('people was sha256:people and is sha256:fewer');
    await run.pass('expand', 'dba-2');
    await run.untilOpen('cutover');
  });

  test('whose quorum nobody can fill parks and says who is wanting; with the people added it opens', async () => {
    const { 'sre-1': _gone, ...others } = WORKFLOW_PEOPLE.roles;
    const run = await bench.start({ prepare: (target) => (target.people = { ...WORKFLOW_PEOPLE, roles: others }) });
    await run.pass('expand', 'dba-1');
    const { hold } = await run.untilStatus('awaiting-operator');
    expect(hold?.reason).toMatch(/gate cutover.*too few for 1 × sre; add people to the file/);
    run.target.people = WORKFLOW_PEOPLE;
    await run.must('retry', 'lead-1');
    await run.pass('cutover', 'lead-1', 'sre-1');
    await run.untilOpen('contract');
  });

  test('counts one person once, also one who has both roles', async () => {
    const both = { ...WORKFLOW_PEOPLE, roles: { ...WORKFLOW_PEOPLE.roles, 'lead-1': ['lead', 'sre'] } };
    const run = await bench.start({ prepare: (target) => (target.people = both) });
    await run.pass('expand', 'dba-1');
    await run.pass('cutover', 'lead-1');
    expect(gateState(await run.state(), 'cutover')).toMatchObject({ status: 'open' });
    await run.decide('cutover', 'sre-1');
    await run.untilOpen('contract');
  });

  test('whose facts cannot be taken parks with the reason; a retry takes them', async () => {
    const run = await bench.start({
      prepare: (target) =>
        (target.beforeFacts = () =>
          fails('Misconfigured', 'The store is not there.')(NO_ATTEMPT).then(() => undefined)),
    });
    const { hold } = await run.untilStatus('awaiting-operator');
    expect(hold?.reason).toMatch(/facts for gate expand could not be taken: The store is not there\./);
    run.target.beforeFacts = () => Promise.resolve();
    await run.must('retry', 'lead-1');
    await run.untilOpen('expand');
  });

  test('of which an activity says that its decisions do not suffice is decided again after a retry', async () => {
    const run = await bench.start({
      prepare: (target) => target.script('do', 'cutover/freeze', fails('NotAllowed', '1 × sre wanting')),
    });
    await run.pass('expand', 'dba-1');
    const first = await run.untilOpen('cutover');
    await run.pass('cutover', 'lead-1', 'sre-1');
    const { hold } = await run.untilStatus('awaiting-operator');
    expect(hold).toMatchObject({ step: 'cutover/freeze', failure: { type: 'NotAllowed', message: '1 × sre wanting' } });
    expect(run.target.attempts.filter((a) => a === 'do cutover/freeze')).toHaveLength(1);
    await run.must('retry', 'lead-1');
    await run.untilOpen('cutover', first.nonce);
    await run.pass('cutover', 'lead-1', 'sre-1');
    await run.untilOpen('contract');
    expect(run.target.attempts.filter((a) => a === 'do cutover/freeze')).toHaveLength(2);
  });
});

const NO_ATTEMPT = undefined as never;

describe('a gate that expires', () => {
  const expiring = (onExpiry: 'hold' | 'abort' | 'rollback') => withGate('expand', { expiresMs: 1_500, onExpiry });

  test('holds where the plan says so: late decisions are refused, a retry asks again', async () => {
    const run = await bench.start({ plan: expiring('hold') });
    const first = await run.untilOpen('expand');
    expect(Date.parse(first.deadline ?? '') - Date.parse(first.openedAt ?? '')).toBe(1_500);
    const { hold } = await run.untilStatus('awaiting-operator');
    expect(hold?.reason).toBe('Gate expand expired before its quorum was reached.');
    expect(await run.decide('expand', 'dba-1')).toEqual({
      outcome: 'refused',
      reason: 'Gate expand is closed (expired).',
    });
    await run.must('retry', 'lead-1');
    await run.untilOpen('expand', first.nonce);
    await recordHistory(run, 'expiry');
    await run.pass('expand', 'dba-1');
    await run.untilOpen('cutover');
  });

  test('aborts where the plan says so', async () => {
    const run = await bench.start({ plan: expiring('abort') });
    expect(await run.result()).toMatchObject({ status: 'aborted' });
    expect(run.target.attempts).toEqual(['do preflight/claim', 'do backup/dump']);
  });

  test('rolls back where the plan says so', async () => {
    const run = await bench.start({ plan: expiring('rollback') });
    expect(await run.result()).toMatchObject({ status: 'rolled-back' });
    expect(run.target.attempts.slice(2)).toEqual(['undo backup/dump', 'undo preflight/claim']);
    await recordHistory(run, 'expiry-rollback');
  });
});

describe('a gate that is given more time', () => {
  test('waits until its new deadline, reminds of that one anew, and by then expires as the plan says', async () => {
    const plan = withGate('expand', { expiresMs: 3_000, onExpiry: 'abort' });
    const run = await bench.start({ plan });
    const first = await run.untilOpen('expand');
    const reminded = (n: number) => run.until((s) => gateState(s, 'expand')?.reminded === n, `Reminder ${n}`);
    await reminded(1);
    const until = new Date(Date.parse(first.deadline ?? '') + 3_000).toISOString();
    await run.must('extend', 'dba-1', { until, comment: 'on the train' });
    const extended = await run.untilOpen('expand');
    expect(extended).toMatchObject({ nonce: first.nonce, deadline: until, reminded: 0 });
    await reminded(1);
    await reminded(2);
    expect(await run.result()).toMatchObject({ status: 'aborted' });
    const { endedAt } = await run.state();
    expect(Date.parse(endedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(until));
    expect(run.target.notes.map(({ body }) => body)).toContainEqual(
      expect.objectContaining({ word: 'extend', deadline: until, reason: 'on the train' }),
    );
  });

  test('is not, by people of whom the gate asks nobody, nor by a vote for another time', async () => {
    const run = await bench.start({ plan: withGate('cutover', { expiresMs: 60_000 }) });
    await run.pass('expand', 'dba-1');
    const { deadline = '' } = await run.untilOpen('cutover');
    const later = (ms: number): string => new Date(Date.parse(deadline) + ms).toISOString();
    const ask = (as: string, ms: number) => run.must('extend', as, { until: later(ms), comment: 'late' });
    await expect(ask('dba-1', 1_000)).rejects.toThrow(/more time for this gate asks for 1 × lead and 1 × sre/);
    await ask('lead-1', 1_000);
    await ask('sre-1', 2_000);
    expect(gateState(await run.state(), 'cutover')).toMatchObject({ deadline });
    await ask('lead-1', 2_000);
    expect(gateState(await run.state(), 'cutover')).toMatchObject({ deadline: later(2_000) });
  });
});

describe('a webhook', () => {
  const notified = { ...WORKFLOW_PLAN, notify: [{ webhook: 'ops', on: ['gate' as const, 'done' as const] }] };

  test('that always fails delays nothing: the gate opens, is decided and the run goes on', async () => {
    const run = await bench.start({
      plan: notified,
      prepare: (target) => (target.webhook = () => Promise.reject(new Error('502'))),
    });
    await run.pass('expand', 'dba-1');
    await run.untilOpen('cutover');
    await run.until(() => run.target.told.filter((t) => t === 'ops: gate expand').length > 1, 'A second try');
    expect(run.target.told).not.toContain('ops: frozen cutover/freeze');
    expect((await run.state()).hold).toBeUndefined();
  });

  test('that never answers holds up neither decisions nor the end of the run for longer than a minute', async () => {
    const never = deferred();
    const run = await bench.start({ plan: notified, prepare: (target) => (target.webhook = () => never.settled) });
    await run.pass('expand', 'dba-1');
    await run.untilOpen('cutover');
    await run.must('abort', 'lead-1');
    await run.untilStatus('aborted');
    never.settle();
    expect(await run.result()).toMatchObject({ status: 'aborted' });
    expect(run.target.told).toContain(`ops: done ${run.input.plan.name}`);
  });
});

describe("a word that comes while a gate's facts are taken", () => {
  /** The word arrives while `facts` is at work for the nth time. */
  async function whileFacts(nth: number, say: (run: Awaited<ReturnType<WorkflowBench['start']>>) => Promise<void>) {
    const [entered, go] = [deferred(), deferred()];
    const run = await bench.start({
      prepare: (target) => {
        target.beforeFacts = async () => {
          if (target.factsAsked !== nth) return;
          entered.settle();
          await go.settled;
        };
      },
    });
    if (nth === 2) await run.pass('expand', 'dba-1');
    await entered.settled;
    await say(run);
    go.settle();
    return run;
  }

  test('an abort ends the run, whether the gate was to be opened or to be confirmed', async () => {
    for (const nth of [1, 2]) {
      const run = await whileFacts(nth, (r) => r.must('abort', 'lead-1'));
      expect(await run.result()).toMatchObject({ status: 'aborted' });
      expect(run.target.attempts).not.toContain('do expand/key');
      expect(await run.state()).toMatchObject({ status: 'aborted' });
    }
  });

  test('an abort ends the run although the facts then fail', async () => {
    const run = await whileFacts(1, async (r) => {
      await r.must('abort', 'lead-1');
      r.target.facts = fails('Misconfigured') as never;
    });
    expect(await run.result()).toMatchObject({ status: 'aborted' });
    expect((await run.state()).hold).toBeUndefined();
  });

  test('a rollback turns the run back, and no gate is left open', async () => {
    for (const nth of [1, 2]) {
      const run = await whileFacts(nth, (r) => r.must('rollback', 'lead-1'));
      expect(await run.result()).toMatchObject({ status: 'rolled-back' });
      expect(run.target.attempts).not.toContain('do expand/key');
      expect((await run.state()).gates.map((g) => g.status)).not.toContain('open');
    }
  });

  test('a pause holds the run before the step, and the facts are taken once more when it goes on', async () => {
    const run = await whileFacts(2, (r) => r.must('pause', 'lead-1'));
    await run.untilStatus('paused');
    const first = gateState(await run.state(), 'expand');
    run.target.material['catalog'] = digestOf('changed in the pause');
    expect(run.target.attempts).not.toContain('do expand/key');
    await run.must('resume', 'lead-1');
    expect((await run.untilOpen('expand', first?.nonce)).reopened).toMatch(
      /^catalog was sha256:catalog and is sha256:/,
    );
  });
});
