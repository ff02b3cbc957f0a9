import { WorkflowBench } from '../../support/workflow-bench';

describe('a run on the way forward', () => {
  let bench: WorkflowBench;
  beforeAll(async () => {
    bench = await WorkflowBench.open();
  }, 60_000);
  afterEach(() => bench.afterEach());
  afterAll(() => bench.close());

  test('goes through all phases in order, each gate decided by its people', async () => {
    const run = await bench.start();
    await run.pass('expand', 'dba-1');
    await run.pass('cutover', 'lead-1', 'sre-1');
    await run.pass('contract', 'lead-1', 'lead-2');
    expect(await run.result()).toMatchObject({ status: 'done' });
    expect(run.target.attempts).toEqual(run.input.plan.steps.map((s) => `do ${s.id}`));
  });
});
