import { MongoClient } from 'mongodb';
import { Bystanders } from '../../../activities/mongodb/bystanders';
import { openMongo, type MongoLink } from '../../../activities/mongodb/session';
import { freshMongo, MONGO_PATIENCE, type FreshMongo } from '../../support/mongo';

let mongo: FreshMongo;
let app: MongoClient;
let link: MongoLink;

beforeAll(async () => {
  mongo = await freshMongo();
  app = await new MongoClient(mongo.urls.app).connect();
  link = await openMongo({ url: mongo.urls.tool, appName: 'cutover/test' });
  await link.db.collection('leads').insertMany(Array.from({ length: 3_000 }, (_, n) => ({ n })));
}, MONGO_PATIENCE);

afterAll(async () => {
  await link?.[Symbol.asyncDispose]();
  await app?.close();
  await mongo?.close();
});

/** One of each kind that the windows send, cursors with several batches among them. */
async function ownWork(): Promise<void> {
  const leads = link.db.collection('leads');
  for await (const _ of leads.find({}, { batchSize: 500 }));
  await leads.countDocuments({ n: 1 });
  await leads.updateMany({ n: { $lt: 10 } }, { $set: { seen: 1 } });
  await leads.bulkWrite([{ insertOne: { document: { n: -1 } } }, { deleteMany: { filter: { n: -1 } } }]);
  await leads.findOneAndUpdate({ n: 1 }, { $set: { seen: 2 } });
}

test('nobody is there while only the client itself works', async () => {
  using bystanders = await Bystanders.start(link.client);
  for (let i = 0; i < 3; i++) {
    await ownWork();
    expect(await bystanders.areAway()).toBe(true);
  }
});

test.each([
  ['reads', (leads: ReturnType<typeof own>) => leads.findOne({ n: 2 })],
  ['counts', (leads: ReturnType<typeof own>) => leads.countDocuments({ n: 2 })],
  ['updates', (leads: ReturnType<typeof own>) => leads.updateOne({ n: 2 }, { $set: { seen: 3 } })],
  ['takes', (leads: ReturnType<typeof own>) => leads.findOneAndUpdate({ n: 2 }, { $set: { seen: 4 } })],
])('an application that %s one document is noticed, and not forgotten at once', async (_what, work) => {
  using bystanders = await Bystanders.start(link.client);
  await ownWork();
  expect(await bystanders.areAway()).toBe(true);
  await work(own());
  expect(await bystanders.areAway()).toBe(false);
  await ownWork();
  expect(await bystanders.areAway()).toBe(false);
});

test('whoever may not ask the server takes it that there is somebody', async () => {
  const client = await new MongoClient(mongo.urls.app, { monitorCommands: true }).connect();
  try {
    using bystanders = await Bystanders.start(client);
    expect(await bystanders.areAway()).toBe(false);
    expect(await bystanders.areAway()).toBe(false);
  } finally {
    await client.close();
  }
});

function own() {
  return app.db(mongo.database).collection('leads');
}
