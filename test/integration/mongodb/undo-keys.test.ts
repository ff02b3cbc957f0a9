import { MongoClient, type Collection, type Db, type Document } from 'mongodb';
import { stampStep } from '../../../activities/mongodb/steps/stamp';
import { freshMongo, MONGO_PATIENCE, type FreshMongo } from '../../support/mongo';
import { MongoStepRun, type MongoStepToRun } from '../../support/mongo-step-run';

const KEY = 'tenant_id';
const STAMP: MongoStepToRun<'stamp'> = {
  id: 'backfill/t',
  kind: 'stamp',
  handler: stampStep,
  args: {
    table: 't',
    column: KEY,
    rule: { kind: 'constant', tenant: { step: 'preflight/claim', name: 'tenant' } },
  },
};

let mongo: FreshMongo;
let client: MongoClient;
let db: Db;
let t: Collection<Document>;
let run: MongoStepRun;

beforeEach(async () => {
  mongo = await freshMongo();
  client = await new MongoClient(mongo.urls.root).connect();
  db = client.db(mongo.database);
  t = db.collection<Document>('t');
  run = new MongoStepRun(mongo, '000.undokeys');
  await run.claim({ tenant: 'main' });
}, MONGO_PATIENCE);

afterEach(async () => {
  await client?.close();
  await mongo?.close();
});

async function keys(): Promise<Readonly<Record<string, unknown>>> {
  const found = await t.find({}, { sort: { _id: 1 } }).toArray();
  return Object.fromEntries(found.map((doc) => [String(doc['_id']), doc[KEY] as unknown]));
}

test('a document that had a key, and that the application has given to another tenant since, stays with that tenant', async () => {
  await t.insertMany([
    { _id: 'moved' as never, [KEY]: 'acme' },
    { _id: 'kept' as never, [KEY]: 'acme' },
    { _id: 'plain' as never },
  ]);
  await run.do(STAMP);
  await t.updateOne({ _id: 'moved' as never }, { $set: { [KEY]: 'globex' } });
  expect((await run.undo(STAMP)).verdict).toBe('pass');
  expect(await keys()).toEqual({ kept: 'acme', moved: 'globex', plain: undefined });
});

test('a document that had a key, lost it and was stamped by the rule, has its own key again', async () => {
  await t.insertMany([{ _id: 'lost' as never, [KEY]: 'acme' }, { _id: 'plain' as never }]);
  await run.do(STAMP);
  await t.replaceOne({ _id: 'lost' as never }, { note: 'written by a build that knows no tenants' });
  await run.do(STAMP);
  expect(await keys()).toEqual({ lost: 'main', plain: 'main' });
  expect((await run.undo(STAMP)).verdict).toBe('pass');
  expect(await keys()).toEqual({ lost: 'acme', plain: undefined });
});
