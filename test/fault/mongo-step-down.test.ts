import { MONGO_PATIENCE } from '../support/mongo';
import { faultyMongo, type FaultyMongo } from '../support/mongo-faults';
import { inMongoStep, onceMongo } from '../support/mongo-moments';
import {
  proveMongoShape,
  proveMongoWrites,
  proveQuiet,
  proveWorld,
  proveWritesGoOn,
  worldOf,
} from '../support/mongo-proofs';
import { MongoScenario } from '../support/mongo-scenario';

jest.setTimeout(240_000);

const FREEZE = 'cutover/freeze';
let faulty: FaultyMongo;
let run: MongoScenario;

beforeAll(async () => {
  faulty = await faultyMongo();
  run = await MongoScenario.open({ name: 'fault-stepdown', rootUri: faulty.server.rootUri, documents: 1_000 });
}, MONGO_PATIENCE);

afterAll(async () => {
  await run?.[Symbol.asyncDispose]();
  await faulty?.[Symbol.asyncDispose]();
});

test('a whole run whose primary steps down for seconds in the backfill and in the freeze loses no write, stamps none twice, and ends as the plan says', async () => {
  const before = await worldOf(run);
  await run.startWorker();
  run.proxy.setRule(
    onceMongo(
      'hold',
      inMongoStep(
        'backfill/stamp-documents',
        'do',
        ({ command, collection, has }) => command === 'update' && collection === 'documents' && has('tenant-default'),
      ),
    ),
  );
  await run.start();
  await run.struck('a window of documents');
  await faulty.stepDown(2);
  run.proxy.release();
  await run.row('end', 'backfill/stamp-documents');

  // The first act of the switch is noted before it begins: the fence is closed and proved by then.
  run.proxy.setRule(
    onceMongo(
      'hold',
      inMongoStep(FREEZE, 'do', ({ collection, has }) => collection === 'fence' && has('$set') && has('acts\0')),
    ),
  );
  await run.struck('the first act of the switch');
  await faulty.stepDown(2);
  run.proxy.release();
  await run.seen('the freeze committed, or put back', async () => (await run.fence())?.settled === true);
  await faulty.primary();
  await proveWritesGoOn(run);
  const committed = (await run.fence())?.outcome === 'new';
  // Where a freeze is put back, this plan rolls back.
  const end = await run.ended(committed ? 'done' : 'rolled-back');
  await proveWritesGoOn(run);
  await proveQuiet(run);
  if (committed) {
    expect(end.steps.filter((s) => s.status !== 'done' || s.verdict !== 'pass')).toEqual([]);
    await proveMongoShape(run);
  } else {
    expect(end.rollbackReason).toMatch(/code 10107\)\. All was put back as before/);
    await proveWorld(run, before);
  }
  await proveMongoWrites(run, committed ? 'tenant-default' : undefined);
});

test.todo(
  'C1 writes of w:1 that are rolled back with their member: needs a set of three members, of which one can be cut off; SecantusDB is one server',
);
