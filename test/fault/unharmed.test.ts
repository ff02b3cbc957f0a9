import { proveBack, proveForward, schemaOf } from '../support/run-proofs';
import { Scenario } from '../support/scenario';

jest.setTimeout(300_000);

test('a run that nothing happens to is done, and every promised write is found', async () => {
  await using run = await Scenario.open({ name: 'unharmed' });
  await run.startWorker();
  await run.start();
  await run.ended();
  await proveForward(run);
});

test('a run that is rolled back after the cutover leaves the schema as it was, and every promised write is found', async () => {
  await using run = await Scenario.open({ name: 'unharmed-back' });
  const before = await schemaOf(run);
  await run.startWorker();
  await run.start(['expand', 'cutover']);
  await run.gate('contract');
  await run.rollback();
  await run.ended('rolled-back');
  await proveBack(run, before);
});
