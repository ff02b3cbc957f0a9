import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, Timestamp, type Db, type Document } from 'mongodb';
import { openChanges } from '../../activities/mongodb/backup/change-reader';
import { markMoment, type ClusterTime } from '../../activities/mongodb/backup/cluster-time';
import { Replay } from '../../activities/mongodb/backup/replay';
import { holdsSnapshots } from '../../activities/mongodb/backup/snapshot';
import { codeOf } from '../../activities/mongodb/duplicate-key';
import { failureTypeOf } from '../../activities/mongodb/errors';
import { operationTime, startListening } from '../../activities/mongodb/fence/silence';
import { backupStep } from '../../activities/mongodb/steps/backup';
import type { MongoTarget } from '../../activities/resources';
import type { Evidence } from '../../src/core/evidence';
import { RUN, resourcesOf } from '../support/backup-context';
import { freshMongo, MONGO_PATIENCE, type FreshMongo } from '../support/mongo';
import { mongoBackupContext } from '../support/mongo-backup-context';
import { faultyMongo, type Fault, type FaultyMongo } from '../support/mongo-faults';

jest.setTimeout(60_000);

/** A log of operations that forgets within one of these tests. */
const ENTRIES = 60;

let faulty: FaultyMongo;
let mongo: FreshMongo;
let client: MongoClient;
let db: Db;
let lane: Db;
let storeDir: string;
let backups = 0;

beforeAll(async () => {
  faulty = await faultyMongo({ oplogEntries: ENTRIES });
  mongo = await freshMongo();
  client = await new MongoClient(mongo.urls.tool, { appName: NAME }).connect();
  db = client.db(mongo.database);
  lane = client.db(`cutover_${mongo.database}`);
  storeDir = await mkdtemp(join(tmpdir(), 'cutover-changes-'));
}, MONGO_PATIENCE);

afterEach(() => faulty.heal());

afterAll(async () => {
  await client?.close();
  await faulty?.[Symbol.asyncDispose]();
  if (storeDir) await rm(storeDir, { recursive: true, force: true });
});

const NAME = 'changes';
const TOO_OLD = /does not remember its changes since .*oplog is too short.*replSetResizeOplog.*try again/;
const mark = (): Promise<ClusterTime> => markMoment(lane, RUN.id);

async function take(): Promise<Evidence> {
  backups += 1;
  const run = { ...RUN, id: `test-plan.${String(backups).padStart(8, '0')}` };
  const home: MongoTarget = { kind: 'mongodb', name: 'app', url: () => mongo.urls.tool };
  const args = { store: 'backups', exclude: [] };
  const context = mongoBackupContext({ kind: 'backup', id: 'backup/dump', args, home, run });
  return backupStep(resourcesOf({ targets: [home], storeDir })).do(context);
}

async function refill(documents: number): Promise<number> {
  await faulty.client.db(mongo.database).dropDatabase();
  await db.collection('units').insertMany(Array.from({ length: documents }, (_, n) => ({ n })));
  return documents;
}

/** Of the client that dumps, in the next backup. */
const dumping = (): string => `cutover/test-plan.${String(backups + 1).padStart(8, '0')}/dump`;

describe('a backup', () => {
  test.each<[string, Fault, string, RegExp]>([
    [
      'whose stream finds its beginning forgotten',
      { commands: ['aggregate'], errorCode: 286, times: 1 },
      'Refused',
      TOO_OLD,
    ],
    ['whose stream was overtaken by the log', { commands: ['getMore'], errorCode: 286 }, 'Refused', TOO_OLD],
    ['whose stream breaks for good', { commands: ['getMore'], errorCode: 280 }, 'Refused', TOO_OLD],
    ['whose cursor is lost', { commands: ['getMore'], errorCode: 43 }, 'Unavailable', /./],
    [
      'whose line is cut',
      { commands: ['getMore'], closeConnection: true, times: 4 },
      'Unavailable',
      /connection .* closed/,
    ],
  ])('%s fails by name, leaves nothing that counts, and the next one is whole', async (_, fault, type, words) => {
    if (await holdsSnapshots(client, lane, 'asked')) return;
    // So few that only the stream asks for more, or so many that the dump does too.
    const documents = await refill(type === 'Refused' ? 500 : 2_500);
    await faulty.fail({ ...fault, appName: dumping() });
    const failed: unknown = await take().catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(Error);
    expect(String(failed)).toMatch(words);
    expect(failureTypeOf(failed)).toBe(type);
    const shelf = join(storeDir, RUN.plan, `test-plan.${String(backups).padStart(8, '0')}`);
    for (const folder of await readdir(shelf).catch(() => []))
      expect(await readdir(join(shelf, folder))).not.toContain('manifest.json');
    await faulty.heal();
    expect(await take()).toMatchObject({ verdict: 'pass', figures: { documents } });
  });

  test.each<[string, (name: string) => Promise<unknown>]>([
    ['drop', (name) => db.collection(name).drop()],
    ['rename', (name) => db.renameCollection(name, `${name}_renamed`)],
    ['dropDatabase', () => faulty.client.db(mongo.database).dropDatabase()],
  ])('under whose stream a %s happens is given up by name', async (what, happen) => {
    const name = `under_${what}`;
    await db.collection(name).insertOne({ n: 1 });
    await using reader = openChanges(db, await mark());
    const replay = new Replay(reader, { mark, exclude: [], maxBytes: 1e6 });
    const outcome = replay.during(happen(name)).then(() => replay.settle());
    await expect(outcome).rejects.toMatchObject({
      type: 'Blocked',
      message: expect.stringMatching(/happened to .* while the dump ran.*try again when nobody changes collections/),
    });
  });
});

describe('with a log of operations that has forgotten', () => {
  test('a stream from the forgotten time is refused where the server knows it, and says how to go on', async () => {
    const from = await mark();
    await forget();
    const startAtOperationTime = new Timestamp({ t: Number(from >> 32n), i: Number(from & 0xffff_ffffn) });
    const asked: unknown = await db
      .aggregate([{ $changeStream: { startAtOperationTime } }])
      .tryNext()
      .catch((error: unknown) => error);
    await using reader = openChanges(db, from);
    const heard: unknown = await reader.next().catch((error: unknown) => error);
    // SecantusDB refuses tokens that are too old, and times not: it begins where its log does.
    if (codeOf(asked) === 286)
      expect(heard).toMatchObject({ type: 'Refused', message: expect.stringMatching(TOO_OLD) });
    else expect(heard).not.toBeInstanceOf(Error);
  });

  test('silence is not taken for proved when the listener has to go on from what is forgotten', async () => {
    await using listener = await startListening(db);
    const since = await operationTime(db);
    await forget();
    // The driver takes a broken stream up again, after the last event that it has seen.
    const again = { errorCode: 6, errorLabels: ['ResumableChangeStreamError'] };
    await faulty.fail({ commands: ['getMore'], appName: NAME, times: 1, ...again });
    await expect(listener.listen(since, 300, new AbortController().signal)).rejects.toMatchObject({
      type: 'FreezeFailed',
      message: expect.stringMatching(/change stream cannot be followed.*ChangeStreamHistoryLost, code 286/),
    });
  });
});

/** Writes until the server has forgotten what was before. */
async function forget(): Promise<void> {
  const busy = db.collection('busy');
  const stream = db.watch([]);
  await stream.tryNext();
  await busy.insertOne({});
  while ((await stream.tryNext()) === null);
  const resumeAfter = stream.resumeToken as Document;
  await stream.close();
  for (let rounds = 0; rounds < 40; rounds += 1) {
    await busy.insertMany(Array.from({ length: 1_000 }, () => ({ filler: 'x'.repeat(500) })));
    const again = db.watch([], { resumeAfter });
    const heard: unknown = await again.tryNext().catch((error: unknown) => error);
    await again.close();
    if (codeOf(heard) === 286) return;
  }
  throw new Error('This server forgets nothing; give it a smaller log of operations.');
}

test.each<[string, () => Promise<unknown>]>([
  ['a collection is dropped', () => db.collection('under_silence').drop()],
  ['a collection is renamed', () => db.renameCollection('under_silence', 'after_silence')],
  ['the database is dropped', () => faulty.client.db(mongo.database).dropDatabase()],
])('silence is not taken for proved when %s under the listener', async (_, happen) => {
  await db.collection('under_silence').insertOne({ n: 1 });
  await using listener = await startListening(db);
  const since = await operationTime(db);
  await happen();
  const heard = await listener.listen(since, 300, new AbortController().signal).catch((error: unknown) => error);
  if (heard instanceof Error) expect(heard).toMatchObject({ type: 'FreezeFailed' });
  else expect(heard).not.toEqual([]);
  await db.dropCollection('after_silence').catch(() => undefined);
});
