import { gateState } from '../../../src/core/state';
import { PHASE_ATTRIBUTE } from '../../../src/core/search-attributes';
import { fails, holds } from '../../support/fake-target';
import { json, sendRawSignal } from '../../support/raw-messages';
import { recordHistory } from '../../support/record-history';
import { WorkflowBench } from '../../support/workflow-bench';

jest.setTimeout(120_000);

describe('a worker without a cache, which replays every task from the first event', () => {
  let bench: WorkflowBench;
  beforeAll(async () => {
    bench = await WorkflowBench.open({ maxCachedWorkflows: 0 });
  });
  afterEach(() => bench.afterEach());
  afterAll(() => bench.close());

  test('comes to the same end forward, through a park, a pause, a rejected gate and messages that do not count', async () => {
    const probes = holds();
    const run = await bench.start({
      prepare: (target) =>
        target.script('do', 'backup/dump', fails('Refused')).script('do', 'observe/watch', probes.behaviour),
    });
    run.lookEvery = 200;
    await run.untilStatus('awaiting-operator');
    await run.must('retry', 'lead-1');
    const first = await run.untilOpen('expand');
    await run.decide('expand', 'dba-1', { decision: 'reject' });
    await sendRawSignal(run, { name: 'decide', payloads: [json('nonsense')] });
    await run.must('retry', 'lead-1');
    await run.untilOpen('expand', first.nonce);
    await run.pass('expand', 'dba-1');
    await run.pass('cutover', 'lead-1', 'sre-1');
    await probes.entered;
    await run.must('pause', 'lead-1');
    await run.must('resume', 'lead-1');
    await run.pass('contract', 'lead-1', 'lead-2');
    expect(await run.result()).toMatchObject({ status: 'done' });
  });

  test('comes to the same end back', async () => {
    const run = await bench.start();
    run.lookEvery = 200;
    await run.pass('expand', 'dba-1');
    await run.pass('cutover', 'lead-1', 'sre-1');
    await run.untilOpen('contract');
    const { planDigest } = run.input;
    await run.must('rollback', 'lead-1', { planDigest });
    await run.must('rollback', 'lead-2', { planDigest });
    expect(await run.result()).toMatchObject({ status: 'rolled-back' });
  });
});

describe('a run that goes on in a new history', () => {
  let bench: WorkflowBench;
  beforeAll(async () => {
    bench = await WorkflowBench.open();
  });
  afterEach(() => bench.afterEach());
  afterAll(() => bench.close());

  test('keeps everything it knows: decisions, early rejects, what did not count, its place in the ledger, its memo', async () => {
    const run = await bench.start({ tuning: { continueAfterEvents: 90 } });
    await run.untilOpen('expand');
    await run.decide('cutover', 'lead-1', { decision: 'reject', comment: 'not this week' });
    await sendRawSignal(run, { name: 'decide', payloads: [json('nonsense')] });
    const before = await run.until((s) => s.notCounted.length === 1, 'The refused signal');
    await run.pass('expand', 'dba-1');
    const after = await run.untilStatus('awaiting-operator');
    expect((await run.histories()).length).toBeGreaterThan(1);
    expect(after.hold?.reason).toBe('Gate cutover was rejected by lead-1: not this week.');
    const { run: ref, requestedBy, startedAt, notCounted, people } = before;
    expect(after).toMatchObject({ run: ref, requestedBy, startedAt, notCounted, people });
    expect(gateState(after, 'expand')?.decisions).toMatchObject([{ approver: 'dba-1' }]);
    expect(after.head.seq).toBe(2 * run.target.attempts.length);
    const { memo, typedSearchAttributes } = await run.handle.describe();
    expect(memo).toEqual({ planDigest: run.input.planDigest });
    expect(typedSearchAttributes.get(PHASE_ATTRIBUTE)).toBe('cutover');
    await run.must('retry', 'lead-1');
    await run.pass('cutover', 'lead-1', 'sre-1');
    await run.pass('contract', 'lead-1', 'lead-2');
    expect(await run.result()).toMatchObject({ status: 'done' });
    expect(run.target.attempts).toEqual(run.input.plan.steps.map((s) => `do ${s.id}`));
    const ids = run.target.notes.map((n) => n.id);
    expect(ids).toEqual([...new Set(ids)]);
    await recordHistory(run, 'continued');
  });

  test('keeps the way back: a rollback undoes also what was done in the histories before', async () => {
    const run = await bench.start({ tuning: { continueAfterEvents: 30 } });
    await run.pass('expand', 'dba-1');
    await run.untilOpen('cutover');
    await run.must('rollback', 'lead-1');
    expect(await run.result()).toMatchObject({ status: 'rolled-back' });
    expect(run.target.attempts.slice(-5)).toEqual(
      ['validate/count', 'backfill/stamp', 'expand/key', 'backup/dump', 'preflight/claim'].map((id) => `undo ${id}`),
    );
  });

  test('goes on by itself when the server suggests it: strangers who send megabytes do not end it', async () => {
    const run = await bench.start();
    await run.untilOpen('expand');
    const heavy = { name: 'decide', payloads: [json('x'.repeat(200 * 1024))] };
    for (let n = 1; n <= 25; n += 1) {
      await sendRawSignal(run, heavy);
      await run.until((s) => s.notCounted.length === n, 'The refused signal');
    }
    await run.pass('expand', 'dba-1');
    await run.untilOpen('cutover');
    expect((await run.histories()).length).toBe(2);
    expect((await run.state()).notCounted).toHaveLength(25);
  });
});
