import type { BenchRun } from '../../support/bench-run';
import { fails, failsItsCheck, holds } from '../../support/fake-target';
import { recordHistory } from '../../support/record-history';
import { WorkflowBench } from '../../support/workflow-bench';
import { WORKFLOW_PLAN } from '../../support/workflow-plan';

jest.setTimeout(120_000);

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
afterEach(() => bench.afterEach());
afterAll(() => bench.close());

const STEPS = WORKFLOW_PLAN.steps.map((s) => s.id);
/** Of the steps up to and with this one, newest first. */
const undone = (last: string): readonly string[] =>
  STEPS.slice(0, STEPS.indexOf(last) + 1)
    .reverse()
    .map((id) => `undo ${id}`);
const undosOf = (run: BenchRun): readonly string[] => run.target.attempts.filter((a) => a.startsWith('undo'));

async function atContract(run: BenchRun): Promise<void> {
  await run.pass('expand', 'dba-1');
  await run.pass('cutover', 'lead-1', 'sre-1');
  await run.untilOpen('contract');
}

describe('a rollback before the cutover', () => {
  test('needs one person with a role and undoes every step that was begun, newest first', async () => {
    const run = await bench.start();
    await run.pass('expand', 'dba-1');
    await run.untilOpen('cutover');
    await run.must('rollback', 'dba-1', { comment: 'the vendor is not ready' });
    expect(await run.result()).toMatchObject({ status: 'rolled-back' });
    expect(undosOf(run)).toEqual(undone('validate/count'));
    const state = await run.state();
    expect(state.rollbackReason).toMatch(/dba-1 asked for it: the vendor is not ready/);
    expect(state.gates.map((g) => g.status)).not.toContain('open');
    await recordHistory(run, 'rollback-before-cutover');
  });

  test('cancels the step under way and undoes it first, half done or not', async () => {
    const stamp = holds();
    const run = await bench.start({ prepare: (target) => target.script('do', 'backfill/stamp', stamp.behaviour) });
    await run.pass('expand', 'dba-1');
    await stamp.entered;
    await run.must('rollback', 'lead-1');
    expect(await run.result()).toMatchObject({ status: 'rolled-back' });
    expect(undosOf(run)).toEqual(undone('backfill/stamp'));
  });

  test('is begun by the plan itself where it says `onFailure: rollback`', async () => {
    const run = await bench.start({
      plan: { ...WORKFLOW_PLAN, onFailure: { validate: 'rollback' } },
      prepare: (target) => target.script('do', 'validate/count', failsItsCheck),
    });
    await run.pass('expand', 'dba-1');
    expect(await run.result()).toMatchObject({ status: 'rolled-back' });
    expect(undosOf(run)).toEqual(undone('validate/count'));
    expect((await run.state()).rollbackReason).toMatch(/onFailure of validate/);
  });

  test('is no more to be decided at a gate: the run turns forward never again', async () => {
    const undo = holds();
    const run = await bench.start({ prepare: (target) => target.script('undo', 'backup/dump', undo.behaviour) });
    const gate = await run.untilOpen('expand');
    const message = await run.decision('expand', 'dba-1', { nonce: gate.nonce ?? '' });
    await run.must('rollback', 'lead-1');
    await undo.entered;
    await run.handle.signal('decide', message);
    const state = await run.until((s) => s.notCounted.length === 1, 'The refused decision');
    expect(state.status).toBe('rolling-back');
    expect(state.notCounted[0]?.reason).toMatch(/rolling back/);
    expect(await run.operate('rollback', 'lead-1')).toMatchObject({ outcome: 'refused' });
    undo.release();
    expect(await run.result()).toMatchObject({ status: 'rolled-back' });
  });
});

describe('a rollback after the cutover', () => {
  test("needs the quorum of the next gate and the plan's digest", async () => {
    const run = await bench.start();
    await atContract(run);
    const { planDigest } = run.input;
    expect(await run.operate('rollback', 'lead-1')).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(/after the cutover must carry the plan's digest/) as string,
    });
    expect(await run.operate('rollback', 'dba-1', { planDigest })).toMatchObject({
      answer: { message: 'dba-1 asks for a rollback; it still wants 2 × lead.' },
    });
    await run.must('rollback', 'lead-1', { planDigest });
    await run.must('rollback', 'lead-1', { planDigest });
    expect(await run.state()).toMatchObject({ direction: 'forward', status: 'awaiting-approval' });
    await run.must('rollback', 'lead-2', { planDigest, comment: 'orders are missing' });
    expect(await run.result()).toMatchObject({ status: 'rolled-back' });
    expect(undosOf(run)).toEqual(undone('observe/watch'));
    await recordHistory(run, 'rollback-after-cutover');
  });

  test('while the application is observed ends the probes first', async () => {
    const probes = holds();
    const run = await bench.start({ prepare: (target) => target.script('do', 'observe/watch', probes.behaviour) });
    await run.pass('expand', 'dba-1');
    await run.pass('cutover', 'lead-1', 'sre-1');
    await probes.entered;
    const { planDigest } = run.input;
    await run.must('rollback', 'lead-1', { planDigest });
    await run.must('rollback', 'lead-2', { planDigest });
    expect(await run.result()).toMatchObject({ status: 'rolled-back' });
    expect(undosOf(run)).toEqual(undone('observe/watch'));
  });

  test('is begun by the plan itself when observing fails and the plan says so', async () => {
    const run = await bench.start({
      plan: { ...WORKFLOW_PLAN, onFailure: { observe: 'rollback' } },
      prepare: (target) => target.script('do', 'observe/watch', failsItsCheck),
    });
    await run.pass('expand', 'dba-1');
    await run.pass('cutover', 'lead-1', 'sre-1');
    expect(await run.result()).toMatchObject({ status: 'rolled-back' });
  });

  test('is refused once contract has begun, which parks and can only be retried or aborted', async () => {
    const run = await bench.start({
      prepare: (target) => target.script('do', 'contract/retire', fails('Refused', 'Rows still forget the key.')),
    });
    await atContract(run);
    await run.pass('contract', 'lead-1', 'lead-2');
    const { hold } = await run.untilStatus('awaiting-operator');
    expect(hold?.options).not.toContain('rollback');
    expect(await run.operate('rollback', 'lead-1', { planDigest: run.input.planDigest })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(/point of no return/) as string,
    });
    await run.must('retry', 'lead-1');
    expect(await run.result()).toMatchObject({ status: 'done' });
  });
});

describe('an undo that fails', () => {
  test('parks and never goes on to the next; a retry is a new round of the same undo', async () => {
    const run = await bench.start({
      prepare: (target) => target.script('undo', 'expand/key', fails('Refused', 'The archive has fewer rows.')),
    });
    await run.pass('expand', 'dba-1');
    await run.untilOpen('cutover');
    await run.must('rollback', 'lead-1');
    const { hold } = await run.untilStatus('awaiting-operator');
    expect(hold).toMatchObject({ step: 'expand/key', reason: 'undo of expand/key: The archive has fewer rows.' });
    expect(undosOf(run)).toEqual(['undo validate/count', 'undo backfill/stamp', 'undo expand/key']);
    await run.must('retry', 'lead-1');
    expect(await run.result()).toMatchObject({ status: 'rolled-back' });
    expect(undosOf(run).slice(3)).toEqual(undone('expand/key'));
    const rounds = run.target.inputs.filter((i) => i.verb === 'undo' && i.step.id === 'expand/key').map((i) => i.round);
    expect(rounds).toEqual([1, 2]);
  });

  test('can be paused before and goes on back when it is resumed', async () => {
    const undo = holds();
    const run = await bench.start({ prepare: (target) => target.script('undo', 'backup/dump', undo.behaviour) });
    await run.untilOpen('expand');
    await run.must('rollback', 'lead-1');
    await undo.entered;
    await run.must('pause', 'lead-1');
    undo.release();
    await run.until((s) => s.steps.find((p) => p.id === 'backup/dump')?.status === 'undone', 'The end of the undo');
    expect(await run.state()).toMatchObject({ status: 'paused', direction: 'back' });
    await run.must('resume', 'lead-1');
    expect(await run.result()).toMatchObject({ status: 'rolled-back' });
  });
});
