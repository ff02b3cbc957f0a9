import { gateState } from '../../../src/core/state';
import type { BenchRun } from '../../support/bench-run';
import { fails, holds } from '../../support/fake-target';
import { recordHistory } from '../../support/record-history';
import { WorkflowBench } from '../../support/workflow-bench';

jest.setTimeout(120_000);

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
afterEach(() => bench.afterEach());
afterAll(() => bench.close());

const times = (run: BenchRun, attempt: string): number => run.target.attempts.filter((a) => a === attempt).length;

async function throughObserve(run: BenchRun): Promise<void> {
  await run.pass('expand', 'dba-1');
  await run.pass('cutover', 'lead-1', 'sre-1');
}

describe('a step that fails', () => {
  test('parks the run past its attempts and says why and what can be done; a retry is a new round and goes on', async () => {
    const run = await bench.start({
      prepare: (target) => target.script('do', 'expand/key', fails('Refused', 'Column client_id is there already.')),
    });
    await run.pass('expand', 'dba-1');
    const { hold } = await run.untilStatus('awaiting-operator');
    expect(hold).toMatchObject({
      kind: 'parked',
      step: 'expand/key',
      failure: { type: 'Refused', message: 'Column client_id is there already.' },
      options: expect.arrayContaining(['retry', 'rollback', 'abort']) as string[],
    });
    expect(times(run, 'do expand/key')).toBe(1);
    await run.must('retry', 'dba-1', { comment: 'dropped it' });
    await run.untilOpen('cutover');
    await recordHistory(run, 'park-retry');
    expect(run.target.inputs.filter((i) => i.step.id === 'expand/key').map((i) => i.round)).toEqual([1, 2]);
    await run.pass('cutover', 'lead-1', 'sre-1');
    await run.pass('contract', 'lead-1', 'lead-2');
    expect(await run.result()).toMatchObject({ status: 'done' });
  });

  test('with a passing fault is tried three times and then parks', async () => {
    const away = fails('Unavailable', 'The server does not answer.');
    const run = await bench.start({ prepare: (target) => target.script('do', 'backup/dump', away, away, away) });
    const { hold } = await run.untilStatus('awaiting-operator');
    expect(hold?.failure).toEqual({ type: 'Unavailable', message: 'The server does not answer.' });
    expect(times(run, 'do backup/dump')).toBe(3);
  });

  test('in its freeze is never repeated unasked', async () => {
    const run = await bench.start({
      prepare: (target) =>
        target.script('do', 'cutover/freeze', fails('FreezeFailed', 'Over budget; all is as before.')),
    });
    await throughObserve(run);
    expect((await run.untilStatus('awaiting-operator')).hold?.failure?.type).toBe('FreezeFailed');
    expect(times(run, 'do cutover/freeze')).toBe(1);
    await run.must('retry', 'lead-1');
    await run.untilOpen('contract');
    expect(times(run, 'do cutover/freeze')).toBe(2);
  });
});

describe('a pause', () => {
  test('lets the step under way end, begins no other, and goes on where it stood', async () => {
    const stamp = holds();
    const run = await bench.start({ prepare: (target) => target.script('do', 'backfill/stamp', stamp.behaviour) });
    await run.pass('expand', 'dba-1');
    await stamp.entered;
    await run.must('pause', 'dba-1', { comment: 'the disk fills' });
    stamp.release();
    const state = await run.until(
      (s) => s.steps.find((p) => p.id === 'backfill/stamp')?.status === 'done',
      'The end of the step',
    );
    expect(state).toMatchObject({
      status: 'paused',
      hold: { kind: 'paused', reason: 'dba-1 asked for a pause: the disk fills.' },
    });
    expect(run.target.attempts).not.toContain('do validate/count');
    await run.must('resume', 'dba-1');
    await run.untilOpen('cutover');
    expect(times(run, 'do backfill/stamp')).toBe(1);
    await recordHistory(run, 'pause');
  });

  test('in observe stops the probes at once, and they begin anew when it goes on', async () => {
    const probes = holds();
    const run = await bench.start({ prepare: (target) => target.script('do', 'observe/watch', probes.behaviour) });
    await throughObserve(run);
    await probes.entered;
    await run.must('pause', 'sre-1');
    await run.until((s) => s.status === 'paused', 'The pause');
    await run.must('resume', 'sre-1');
    await run.untilOpen('contract');
    expect(times(run, 'do observe/watch')).toBe(2);
    await recordHistory(run, 'pause-observe');
  });

  test('at an open gate keeps the question: decisions count, and the run goes on only when it is resumed', async () => {
    const run = await bench.start();
    const gate = await run.untilOpen('expand');
    await run.must('pause', 'lead-1');
    await run.untilStatus('paused');
    await run.decide('expand', 'dba-1');
    const decided = await run.state();
    expect(decided.status).toBe('paused');
    expect(gateState(decided, 'expand')).toMatchObject({ status: 'approved', nonce: gate.nonce });
    expect(run.target.attempts).not.toContain('do expand/key');
    await run.must('resume', 'lead-1');
    await run.untilOpen('cutover');
  });

  test('at an open gate that is resumed undecided waits for the people as before', async () => {
    const run = await bench.start();
    const gate = await run.untilOpen('expand');
    await run.must('pause', 'lead-1');
    await run.must('resume', 'lead-1');
    const state = await run.until((s) => s.hold === undefined, 'The end of the pause');
    expect(state).toMatchObject({ status: 'awaiting-approval', phase: 'expand' });
    expect(gateState(state, 'expand')?.nonce).toBe(gate.nonce);
  });

  test('is refused while the run stands still already', async () => {
    const run = await bench.start();
    await run.untilOpen('expand');
    await run.must('pause', 'lead-1');
    expect(await run.operate('pause', 'lead-1')).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(/already stands still \(paused\)/) as string,
    });
  });
});

describe('an abort', () => {
  test('at a gate ends the workflow as aborted: nothing is undone, no step is begun, and the ledger has who said so', async () => {
    const run = await bench.start();
    await run.untilOpen('expand');
    await run.must('abort', 'lead-1', { comment: 'wrong week' });
    expect(await run.result()).toMatchObject({ status: 'aborted' });
    expect(run.target.attempts).toEqual(['do preflight/claim', 'do backup/dump']);
    const state = await run.state();
    expect(state.steps.map((s) => s.status)).toEqual(['done', 'done', ...Array<string>(7).fill('not-reached')]);
    expect(JSON.stringify(run.target.notes)).toMatch(/lead-1.*wrong week/);
  });

  test('cancels the step under way and waits until it has ended', async () => {
    const stamp = holds();
    const run = await bench.start({ prepare: (target) => target.script('do', 'backfill/stamp', stamp.behaviour) });
    await run.pass('expand', 'dba-1');
    await stamp.entered;
    await run.must('abort', 'lead-1');
    expect(await run.result()).toMatchObject({ status: 'aborted' });
    expect(times(run, 'do backfill/stamp')).toBe(1);
    expect(run.target.attempts.at(-1)).toBe('do backfill/stamp');
  });

  test('does not interrupt a freeze, and begins nothing after it', async () => {
    const freeze = holds();
    const run = await bench.start({ prepare: (target) => target.script('do', 'cutover/freeze', freeze.behaviour) });
    await throughObserve(run);
    await freeze.entered;
    await run.must('abort', 'lead-1');
    expect((await run.handle.describe()).status.name).toBe('RUNNING');
    freeze.release();
    expect(await run.result()).toMatchObject({ status: 'aborted' });
    expect((await run.state()).steps.find((s) => s.id === 'cutover/freeze')?.status).toBe('done');
    expect(run.target.attempts).not.toContain('do observe/watch');
  });

  test('ends the run although the undo that was under way then fails', async () => {
    const undo = holds(fails('Refused', 'The archive is not there.'));
    const run = await bench.start({ prepare: (target) => target.script('undo', 'backup/dump', undo.behaviour) });
    await run.untilOpen('expand');
    await run.must('rollback', 'lead-1');
    await undo.entered;
    await run.must('abort', 'lead-1');
    undo.release();
    expect(await run.result()).toMatchObject({ status: 'aborted' });
    expect(run.target.attempts).not.toContain('undo preflight/claim');
  });

  test('is final: a decision in the same moment does not start the run again', async () => {
    const run = await bench.start();
    await run.untilOpen('expand');
    const message = await run.decision('expand', 'dba-1');
    const { workflow } = run.temporal.client;
    await Promise.allSettled([
      workflow.getHandle(run.workflowId).signal('operate', { verb: 'abort', as: 'lead-1' }),
      workflow.getHandle(run.workflowId).signal('decide', message),
      workflow.getHandle(run.workflowId).signal('operate', { verb: 'rollback', as: 'lead-1' }),
      workflow.getHandle(run.workflowId).signal('operate', { verb: 'pause', as: 'lead-1' }),
    ]);
    const { status } = await run.result();
    expect(status).toBe((await run.state()).status);
    expect(['aborted', 'rolled-back']).toContain(status);
    if (status === 'aborted') expect(run.target.attempts).not.toContain('do expand/key');
  });
});

describe('a cancel request from the Temporal UI', () => {
  test('parks the run at an open gate; a retry puts it back to the same question', async () => {
    const run = await bench.start();
    const gate = await run.untilOpen('expand');
    await run.handle.cancel();
    const { hold } = await run.untilStatus('awaiting-operator');
    expect(hold?.reason).toMatch(/asked Temporal to cancel.*neither rollback nor abort/);
    await run.must('retry', 'lead-1');
    const state = await run.until((s) => s.hold === undefined, 'The end of the hold');
    expect(state.status).toBe('awaiting-approval');
    expect(gateState(state, 'expand')?.nonce).toBe(gate.nonce);
    await run.pass('expand', 'dba-1');
    await run.untilOpen('cutover');
    await recordHistory(run, 'cancel');
  });

  test('lets the step under way end, then parks before the next', async () => {
    const stamp = holds();
    const run = await bench.start({ prepare: (target) => target.script('do', 'backfill/stamp', stamp.behaviour) });
    await run.pass('expand', 'dba-1');
    await stamp.entered;
    await run.handle.cancel();
    await run.untilStatus('awaiting-operator');
    stamp.release();
    const state = await run.until(
      (s) => s.steps.find((p) => p.id === 'backfill/stamp')?.status === 'done',
      'The end of the step',
    );
    expect(state.status).toBe('awaiting-operator');
    expect(run.target.attempts).not.toContain('do validate/count');
    await run.must('rollback', 'lead-1');
    expect(await run.result()).toMatchObject({ status: 'rolled-back' });
  });
});
