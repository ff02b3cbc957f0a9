import { inStep, lastCommit, once, takesLocks } from '../support/moments';
import { mongoTestServer } from '../support/mongo';
import { lastMongoCommit, inMongoStep, onceMongo } from '../support/mongo-moments';
import { proveMongoWrites, proveWritesGoOn } from '../support/mongo-proofs';
import { MongoScenario } from '../support/mongo-scenario';
import { ledgerOf, proveForward } from '../support/run-proofs';
import { Scenario } from '../support/scenario';

jest.setTimeout(300_000);

const FREEZE = 'cutover/freeze';

test('PostgreSQL: three workers killed in the freeze, the last one behind its COMMIT: the run goes on, with one freeze', async () => {
  await using run = await Scenario.open({ name: 'last-worker' });
  let worker = await run.startWorker();
  run.proxy.setRule(once('hold', inStep(FREEZE, 'do', takesLocks)));
  await run.start();
  for (const next of [
    once('hold', inStep(FREEZE, 'do', takesLocks)),
    once('hold-reply', inStep(FREEZE, 'do', lastCommit)),
  ]) {
    await run.proxy.struck();
    await run.kill(worker);
    run.proxy.setRule(next);
    worker = await run.startWorker();
  }
  await run.proxy.struck();
  await run.seen('the flag', `SELECT FROM app_settings WHERE key = 'tenancy' AND value = 'on'`);
  await run.kill(worker);
  await run.startWorker();
  const state = await run.ended();
  expect(state.steps.find((s) => s.id === FREEZE)).toMatchObject({ status: 'done', verdict: 'pass', round: 1 });
  const rows = (await ledgerOf(run)).filter((r) => r.step === FREEZE);
  expect(rows.filter((r) => r.event === 'end')).toHaveLength(1);
  await proveForward(run);
});

test('PostgreSQL: three workers killed in the freeze before its COMMIT: no fourth one freezes, and the run says that all is as before', async () => {
  await using run = await Scenario.open({
    name: 'lost-workers',
    planChanges: [[/cutover: rollback/, 'cutover: hold']],
  });
  run.proxy.setRule(once('hold', inStep(FREEZE, 'do', takesLocks)));
  let worker = await run.startWorker();
  await run.start();
  for (const next of [1, 2, 3]) {
    await run.proxy.struck();
    await run.kill(worker);
    run.proxy.setRule(next < 3 ? once('hold', inStep(FREEZE, 'do', takesLocks)) : undefined);
    worker = await run.startWorker();
  }
  const { hold, steps } = await run.parked();
  expect(hold?.failure?.type).toBe('FreezeFailed');
  expect(hold?.reason).toContain('all is as before');
  expect((await run.db.query(`SELECT FROM app_settings WHERE key = 'tenancy' AND value = 'on'`)).rowCount).toBe(0);
  expect(steps.find((s) => s.id === FREEZE)?.round).toBe(1);
  await run.operate('retry');
  await run.ended();
  await proveForward(run);
});

test('MongoDB: three workers killed in the freeze, the last one behind its commit: the run goes on, with one switch', async () => {
  await using run = await MongoScenario.open({ name: 'last-worker', rootUri: (await mongoTestServer()).rootUri });
  let worker = await run.startWorker();
  // The first dies before its fence stands, the second when the switch is committed, the third when its end row is.
  run.proxy.setRule(
    onceMongo(
      'hold',
      inMongoStep(FREEZE, 'do', ({ collection }) => collection === 'fence'),
    ),
  );
  await run.start();
  const switched = inMongoStep(FREEZE, 'do', ({ collection, has }) => collection === 'fence' && has('switched\0'));
  for (const next of [onceMongo('hold-reply', switched), onceMongo('hold-reply', lastMongoCommit(FREEZE, 'do'))]) {
    await run.struck('the next moment of the freeze');
    await run.kill(worker);
    run.proxy.setRule(next);
    worker = await run.startWorker();
  }
  await run.struck('the commit of the end row');
  await run.row('end', FREEZE);
  await run.kill(worker);
  await run.startWorker();
  const state = await run.ended();
  expect(state.steps.find((s) => s.id === FREEZE)).toMatchObject({ status: 'done', verdict: 'pass', round: 1 });
  expect(await run.lane.collection('ledger').countDocuments({ step: FREEZE, event: 'end' })).toBe(1);
  await proveWritesGoOn(run);
  await proveMongoWrites(run, 'tenant-default');
});
