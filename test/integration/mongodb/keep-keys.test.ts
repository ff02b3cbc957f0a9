import { freezeBench, type FreezeBench } from '../../support/freeze-bench';
import { MONGO_PATIENCE } from '../../support/mongo';

let bench: FreezeBench;

beforeAll(async () => {
  bench = await freezeBench();
}, MONGO_PATIENCE);

afterAll(async () => bench?.close(), 60_000);

test('the switch back keeps the keys of other tenants before the previous build runs, which drops them from what it replaces', async () => {
  await bench.run.do(bench.step());
  const leads = bench.app.collection('leads');
  const { insertedId: replaced } = await leads.insertOne({ name: 'theirs', tenantId: 'another' });
  const { insertedId: own } = await leads.insertOne({ name: 'ours', tenantId: 'default' });
  const evidence = await bench.run.undo(bench.step());
  expect(evidence).toMatchObject({ verdict: 'pass', figures: { keysKept: 1 } });
  // What a build without tenants does, before anybody has unstamped.
  await leads.replaceOne({ _id: replaced }, { name: 'theirs, changed' });
  const kept = await bench.control.lane.collection('archive').find().toArray();
  expect(kept).toMatchObject([{ _id: { run: bench.run.ref.id, table: 'leads', id: replaced }, key: 'another' }]);
  expect(kept.map(({ _id }) => (_id as unknown as { id: unknown }).id)).not.toContainEqual(own);
}, 60_000);
