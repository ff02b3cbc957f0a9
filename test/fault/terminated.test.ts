import { inStep, lastCommit, once } from '../support/moments';
import { claimOf, ledgerOf, proveForward, proveOpen } from '../support/run-proofs';
import { Scenario } from '../support/scenario';

jest.setTimeout(300_000);

test('a run terminated in the UI in the middle of a step: a new one is refused by its name, and adopt goes on with it to the end', async () => {
  await using run = await Scenario.open({ name: 'terminated-adopt' });
  const id = await terminateIn(run, 'expand/key-products');
  await refusedBy(run, id);

  const adopted = await run.cli('adopt', '--plan', 'terminated-adopt', '--home', 'app', '--as', 'lead-1', '--yes');
  expect(adopted).toMatchObject({ code: 0, stderr: expect.not.stringMatching(/refused/) });
  run.approveFromNowOn(['cutover', 'contract']);
  const state = await run.ended();
  expect(state.run.id).toBe(id);
  const rows = await ledgerOf(run);
  expect(rows.filter((r) => r.step === 'expand/key-users' && r.event === 'end')).toHaveLength(1);
  await proveForward(run);
});

test('a run terminated in the UI in the middle of a step: release frees the target, the ledger has who and why, and the dead run writes nothing more', async () => {
  await using run = await Scenario.open({ name: 'terminated-release' });
  const id = await terminateIn(run, 'expand/key-products');
  const alone = await run.cli(
    'release',
    '--plan',
    'terminated-release',
    '--home',
    'app',
    '--as',
    'lead-1',
    '--comment',
    'the host is gone',
    '--yes',
  );
  expect(alone.code).not.toBe(0);
  expect(await claimOf(run)).toEqual({ run: id });

  const released = await run.cli(
    'release',
    '--plan',
    'terminated-release',
    '--home',
    'app',
    '--as',
    'lead-1',
    '--as',
    'sre-1',
    '--comment',
    'the host is gone',
    '--yes',
  );
  expect(released).toMatchObject({ code: 0 });
  expect(await claimOf(run)).toEqual({ run: null });
  const last = (await ledgerOf(run)).at(-1);
  expect(last?.body).toMatchObject({ word: 'release', by: 'lead-1 and sre-1', comment: 'the host is gone' });
  await proveOpen(run);
});

/** The worker is inside the step when the workflow goes; nobody tells it before its next heartbeat. */
async function terminateIn(run: Scenario, step: string): Promise<string> {
  await run.startWorker();
  run.proxy.setRule(once('hold', inStep(step, 'do', lastCommit)));
  await run.start(['expand']);
  await run.proxy.struck();
  const { run: id } = await claimOf(run);
  await run.temporal.client.workflow.getHandle(run.workflowId).terminate('somebody clicked');
  await run.seen(
    'the tables unlocked',
    `SELECT WHERE NOT EXISTS (SELECT FROM pg_locks WHERE relation = 'public.products'::regclass AND mode = 'AccessExclusiveLock')`,
  );
  run.proxy.release();
  return id ?? '';
}

async function refusedBy(run: Scenario, id: string): Promise<void> {
  const started = await run.tryStart();
  expect(started.ok).toBe(true);
  const state = await run.ended('refused');
  expect(state.steps.find((s) => s.id === 'preflight/claim')?.summary).toContain(
    `belongs to run ${id} of plan "terminated-adopt"`,
  );
}
