import { PHASE_ATTRIBUTE, STATUS_ATTRIBUTE } from '../../../src/core/search-attributes';
import { fails, failsItsCheck } from '../../support/fake-target';
import { recordHistory } from '../../support/record-history';
import { WorkflowBench } from '../../support/workflow-bench';

jest.setTimeout(120_000);

describe('a run on the way forward', () => {
  let bench: WorkflowBench;
  beforeAll(async () => {
    bench = await WorkflowBench.open();
  });
  afterEach(() => bench.afterEach());
  afterAll(() => bench.close());

  test('goes through all phases in the order of the plan, each gate decided by its people', async () => {
    const run = await bench.start();
    await run.pass('expand', 'dba-1');
    await run.pass('cutover', 'lead-1', 'sre-1');
    await run.pass('contract', 'lead-1', 'lead-2');
    expect(await run.result()).toMatchObject({ status: 'done' });
    expect(run.target.attempts).toEqual(run.input.plan.steps.map((s) => `do ${s.id}`));
    const { typedSearchAttributes } = await run.handle.describe();
    expect(typedSearchAttributes.get(PHASE_ATTRIBUTE)).toBe('contract');
    expect(typedSearchAttributes.get(STATUS_ATTRIBUTE)).toBe('done');
    await recordHistory(run, 'forward');
  });

  test('hands every step behind a gate the decisions that allow it, and no other step any', async () => {
    const run = await bench.start();
    await run.pass('expand', 'dba-1');
    await run.pass('cutover', 'lead-1', 'sre-1');
    await run.untilOpen('contract');
    const allowedBy = run.target.inputs.map((i) => [i.step.id, i.authority?.decisions.map((d) => d.approver) ?? []]);
    expect(Object.fromEntries(allowedBy)).toEqual({
      'preflight/claim': [],
      'backup/dump': [],
      'expand/key': ['dba-1'],
      'backfill/stamp': [],
      'validate/count': [],
      'cutover/freeze': ['lead-1', 'sre-1'],
      'observe/watch': [],
    });
  });

  test('has every decision and every opening of a gate written to the ledger, each once', async () => {
    const run = await bench.start();
    await run.pass('expand', 'dba-1');
    await run.pass('cutover', 'lead-1', 'sre-1');
    await run.pass('contract', 'lead-1', 'lead-2');
    await run.result();
    const ids = run.target.notes.map((n) => n.id);
    expect(new Set(ids).size).toBe(ids.length);
    const decisions = run.target.notes.filter((n) => n.event === 'decision').map((n) => (n.body as { by: string }).by);
    expect(decisions).toEqual(['dba-1', 'lead-1', 'sre-1', 'lead-1', 'lead-2']);
    expect(run.target.notes.filter((n) => n.event === 'gate-opened')).toHaveLength(3);
  });

  test('is not stopped by a fault that passes within the attempts of a step', async () => {
    const run = await bench.start({
      prepare: (target) => target.script('do', 'backup/dump', fails('Unavailable'), fails('CommandFailed')),
    });
    await run.untilOpen('expand');
    expect(run.target.attempts.filter((a) => a === 'do backup/dump')).toHaveLength(3);
  });

  test('refuses to begin on a target that another run holds, and names that run', async () => {
    const taken = 'Target "app" is held by run other.12345678.';
    const run = await bench.start({
      prepare: (target) => target.script('do', 'preflight/claim', fails('TargetClaimed', taken)),
    });
    expect(await run.result()).toMatchObject({ status: 'refused' });
    expect(run.target.attempts).toEqual(['do preflight/claim']);
    expect(JSON.stringify(await run.state())).toContain('other.12345678');
  });

  test('parks at a step whose check says no, without trying it again unasked', async () => {
    const run = await bench.start({ prepare: (target) => target.script('do', 'backup/dump', failsItsCheck) });
    const { hold } = await run.untilStatus('awaiting-operator');
    expect(hold).toMatchObject({
      step: 'backup/dump',
      options: expect.arrayContaining(['retry', 'rollback', 'abort']),
    });
    expect(run.target.attempts.filter((a) => a === 'do backup/dump')).toHaveLength(1);
  });
});
