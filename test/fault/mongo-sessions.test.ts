import { MongoClient, type Db, type Document } from 'mongodb';
import { insertMissing } from '../../activities/mongodb/insert-missing';
import { EXACT } from '../../activities/mongodb/ids';
import { freshMongo, MONGO_PATIENCE, type FreshMongo } from '../support/mongo';
import { faultyMongo, type Fault, type FaultyMongo } from '../support/mongo-faults';
import { contentOf, FaultsRun, proveLedger, type Ended } from '../support/mongo-faults-run';
import { DRAWN, fillFaults, REGISTRY, STAMP, STEPS } from '../support/mongo-faults-steps';

jest.setTimeout(120_000);

let faulty: FaultyMongo;
let mongo: FreshMongo;
let db: Db;
let lane: Db;
let run: FaultsRun;
let runs = 0;
let stamped: unknown;

beforeAll(async () => {
  faulty = await faultyMongo();
  mongo = await freshMongo();
  db = faulty.client.db(mongo.database);
  lane = faulty.client.db(`cutover_${mongo.database}`);
  await begin();
  await run.through(STAMP);
  stamped = await contentOf(db, DRAWN);
}, MONGO_PATIENCE);

beforeEach(begin);
afterEach(() => faulty.heal());

afterAll(async () => {
  await faulty?.[Symbol.asyncDispose]();
});

/** Up to the stamping. */
async function begin(): Promise<void> {
  runs += 1;
  await faulty.heal();
  await fillFaults(db);
  for (const name of ['claim', 'archive_documents', 'inserted']) await lane.collection(name).deleteMany({});
  run = new FaultsRun(mongo, lane, `000.${String(runs).padStart(8, '0')}`);
  await run.claim();
  for (const step of STEPS.slice(0, STEPS.indexOf(STAMP))) await run.through(step as typeof STAMP);
}

/** What is in the ledger and in the collections is what an undisturbed stamping leaves. */
async function proveStamped({ evidence }: Ended): Promise<void> {
  expect(evidence).toMatchObject({ verdict: 'pass' });
  expect(await contentOf(db, DRAWN)).toEqual(stamped);
  await proveLedger(lane, run.run.ref.id);
}

const striking = (fault: Fault): Promise<Ended> =>
  run.through(STAMP, {
    patienceMs: 5_000,
    before: async ({ n, appName }) => {
      if (n === 1) await faulty.fail({ ...fault, appName });
    },
  });

describe('a step that runs for long', () => {
  test.each([
    ['once', 1],
    ['whenever it asks for more', 99],
  ])('goes on where its cursor was lost, %s', async (_, times) => {
    const ended = await striking({ commands: ['getMore'], errorCode: 43, times });
    expect(ended.failures).toEqual([]);
    await proveStamped(ended);
  });

  test.each<[string, Fault, RegExp | undefined]>([
    [
      'whose session the server has forgotten at the end',
      { commands: ['commitTransaction'], errorCode: 251, times: 1, skip: 1 },
      undefined,
    ],
    [
      'whose session has expired in the middle',
      { commands: ['find', 'aggregate'], errorCode: 206, times: 1, skip: 6 },
      /NoSuchSession, code 206\)$/,
    ],
  ])('%s comes to the same end', async (_, fault, words) => {
    const ended = await striking(fault);
    expect(ended.failures).toEqual(
      words === undefined ? [] : [{ type: 'Unavailable', message: expect.stringMatching(words) }],
    );
    await proveStamped(ended);
  });

  test('comes to the same end while somebody ends all sessions of the server again and again', async () => {
    const admin = faulty.client.db('admin');
    let ended: Ended | undefined;
    const stamping = run.through(STAMP, { patienceMs: 5_000 }).then((e) => (ended = e));
    let kills = 0;
    for (; ended === undefined && kills < 12; kills += 1) {
      await admin.command({ killAllSessions: [] });
      await Promise.race([stamping, new Promise((resolve) => setTimeout(resolve, 25))]);
    }
    expect(kills).toBeGreaterThan(2);
    await proveStamped(await stamping);
  });
});

describe('a transaction', () => {
  test.each<[string, Fault]>([
    ['whose commit says that its result is unknown', { commands: ['commitTransaction'], errorCode: 91, ...UNKNOWN() }],
    [
      'whose commit is in no majority for a while',
      { commands: ['commitTransaction'], writeConcernError: { code: 64, errmsg: 'timed out' }, times: 3 },
    ],
    ['that has to be made again at its commit', { commands: ['commitTransaction'], errorCode: 112, ...TRANSIENT() }],
    ['that has to be made again within', { commands: ['insert', 'findAndModify'], errorCode: 251, ...TRANSIENT(1) }],
    [
      'whose line is cut within, and at its commit',
      { commands: ['insert', 'commitTransaction'], closeConnection: true, times: 5, skip: 1 },
    ],
  ])('%s has its effect once and its row once', async (_, fault) => {
    const ended = await striking(fault);
    expect(ended.failures).toEqual([]);
    await proveStamped(ended);
  });

  test('whose commit is unknown to the end fails by name; the next attempt looks, and there is one row', async () => {
    const { evidence, failures } = await run.through(STAMP, {
      before: async ({ n, appName }) => {
        const labels = { errorCode: 91, errorLabels: ['UnknownTransactionCommitResult'] };
        if (n === 1) await faulty.fail({ commands: ['commitTransaction'], ...labels, appName });
      },
    });
    expect(failures).toEqual([
      { type: 'Unavailable', message: expect.stringMatching(/answer to a commit got lost.*code 91/) },
    ]);
    await proveStamped({ evidence, failures });
  });

  test('that did commit, though no answer ever says so, is found in the ledger: nothing is done again', async () => {
    const lost = { code: 64, errmsg: 'waiting for replication timed out' };
    const ended = await run.through(STAMP, {
      before: async ({ n, appName }) => {
        // The one of the start row passes.
        if (n === 1) await faulty.fail({ commands: ['commitTransaction'], writeConcernError: lost, skip: 1, appName });
      },
    });
    expect(ended.failures).toEqual([]);
    await proveStamped(ended);
  });
});

describe('a bulk that was half done', () => {
  const documents: readonly Document[] = Array.from({ length: 6 }, (_, n) => ({ _id: n, value: `of ${n}` }));

  test.each([
    ['as the driver reads', {}],
    ['byte for byte', EXACT],
  ])('is completed when it is done again, %s', async (_, options) => {
    const bulk = db.collection('bulk', options);
    await bulk.insertMany(documents.slice(1, 3));
    await insertMissing(bulk, documents);
    await insertMissing(bulk, documents);
    expect(await db.collection('bulk').countDocuments({})).toBe(6);
  });

  test('and that no majority vouches for fails, though all that is left over is there already', async () => {
    await db.collection('bulk').insertMany(documents.slice(1, 3));
    const client = await new MongoClient(mongo.urls.tool, { appName: 'bulk' }).connect();
    try {
      await faulty.fail({
        ...{ commands: ['insert'], appName: 'bulk', times: 1 },
        writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' },
      });
      const bulk = client.db(mongo.database).collection('bulk', EXACT);
      await expect(insertMissing(bulk, documents)).rejects.toMatchObject({
        message: 'waiting for replication timed out',
      });
      await insertMissing(bulk, documents);
    } finally {
      await client.close();
    }
  });

  test('stops by name where what is there is another document', async () => {
    await begin();
    await db.collection('tenants').updateOne({}, { $set: { naziv: 'Somebody else' } });
    const other = new FaultsRun(mongo, lane, '000.another1');
    await lane.collection('claim').deleteMany({});
    await other.claim();
    await expect(other.through(REGISTRY)).rejects.toMatchObject({
      type: 'Refused',
      message: expect.stringMatching(/tenants has a document with id tenant-default already.*naziv/),
    });
  });
});

function UNKNOWN(): Partial<Fault> {
  return { errorLabels: ['UnknownTransactionCommitResult'], times: 3 };
}

function TRANSIENT(skip = 0): Partial<Fault> {
  return { errorLabels: ['TransientTransactionError'], times: 2, skip };
}
