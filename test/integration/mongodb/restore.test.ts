import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BSON, MongoClient, type Db } from 'mongodb';
import { compareWithManifest, digestCollection } from '../../../activities/mongodb/backup/compare';
import { readCompressed } from '../../../activities/mongodb/backup/compression';
import { documentsOf } from '../../../activities/mongodb/backup/documents';
import { idDocument, lostDocuments, LostTally } from '../../../activities/mongodb/backup/lost';
import { readManifest, type Manifest } from '../../../activities/mongodb/backup/manifest';
import { claims, ledgerRows } from '../../../activities/mongodb/lane/documents';
import { ledgerIn } from '../../../activities/mongodb/lane/ledger';
import { readMarker } from '../../../activities/mongodb/restore/marker';
import { laneName } from '../../../activities/mongodb/session';
import { refusesAdoption } from '../../../src/core/adoptable';
import type { Digest } from '../../../src/core/json';
import { firstBrokenRow } from '../../../src/core/ledger-row';
import type { RestoreApproval } from '../../../src/core/restore';
import { writersRole } from '../../../src/dev/mongo-roles';
import { projectRoot } from '../../../src/dev/project-root';
import { freshMongo, MONGO_PATIENCE, type FreshMongo } from '../../support/mongo';
import { RestorableRun } from '../../support/mongo-restore';

interface Person {
  readonly _id: string;
  readonly name?: string;
  readonly tenant_id?: string;
}

let mongo: FreshMongo;
let client: MongoClient;
let app: MongoClient;
let root: MongoClient;
let db: Db;
let storeDir: string;
let run: RestorableRun;
let manifest: Manifest;
let count = 0;

const PEOPLE = 6_000;

beforeAll(async () => {
  mongo = await freshMongo();
  storeDir = await mkdtemp(join(tmpdir(), 'cutover-mongo-restore-'));
  client = await new MongoClient(mongo.urls.tool).connect();
  app = await new MongoClient(mongo.urls.app).connect();
  root = await new MongoClient(mongo.urls.root).connect();
  db = client.db(mongo.database);
}, MONGO_PATIENCE);

afterAll(async () => {
  await app?.close();
  await root?.close();
  await client?.close();
  await mongo?.close();
  if (storeDir) await rm(storeDir, { recursive: true, force: true });
});

beforeEach(async () => {
  // A test that failed behind the fence must not fail the next one.
  await root.db(mongo.database).command({ grantRolesToUser: 'app', roles: [writersRole(mongo.database)] });
  await db.dropDatabase();
  await client.db(laneName(mongo.database)).dropDatabase();
  await db.createCollection('people', { validator: { name: { $type: 'string' } }, validationLevel: 'moderate' });
  const people = Array.from({ length: PEOPLE }, (_, i) => ({ _id: `p${i}`, name: `name ${i}` }));
  await db.collection<Person>('people').insertMany(people);
  await db.collection('people').createIndex({ name: 1 }, { unique: true });
  await db.collection<{ _id: number }>('settings').insertMany([{ _id: 1 }, { _id: 2 }]);
  await db.collection<{ _id: number }>('steady').insertMany([{ _id: 1 }, { _id: 2 }]);
  await db.createCollection('names', { viewOn: 'people', pipeline: [{ $project: { name: 1 } }] });
  const { tool: toolUrl, app: appUrl } = mongo.urls;
  run = new RestorableRun({ toolUrl, appUrl, storeDir, id: `test-plan.${String(++count).padStart(8, '0')}` });
  await run.begin();
  manifest = (await readManifest(await backupFolder())).manifest;
}, 120_000);

const shelf = (): string => join(storeDir, run.run.plan, run.run.id);
const backupFolder = async (): Promise<string> =>
  join(shelf(), (await readdir(shelf())).find((name) => /-\d+$/.test(name)) ?? '');

/** What a migration and an application do to a database in the meantime. */
async function goOn(): Promise<void> {
  const people = app.db(mongo.database).collection<Person>('people');
  await people.insertMany([
    { _id: 'late-1', name: 'late 1' },
    { _id: 'late-2', name: 'late 2' },
  ]);
  await people.updateOne({ _id: 'p7' }, { $set: { name: 'another' } });
  await people.deleteMany({ _id: { $in: ['p8', 'p9', 'p10'] } });
  await db
    .collection('people')
    .updateMany({ _id: { $nin: ['late-1', 'p7'] as never[] } }, { $set: { tenant_id: 't1' } });
  await db.command({ collMod: 'people', validator: {} });
  await db.collection('people').createIndex({ tenant_id: 1 });
  await db.collection<{ _id: string }>('tenants').insertOne({ _id: 't1' });
  await db.dropCollection('settings');
  await db.dropCollection('names');
}

const approvalOf = (lost: Digest, by = ['lead-1', 'sre-1']): RestoreApproval => ({ lost, by, comment: 'orders lost' });

async function differences(): Promise<readonly string[]> {
  const checks = await compareWithManifest(db, manifest, { ignore: [], onCollection: () => undefined });
  return checks.filter(({ verdict }) => verdict !== 'pass').map(({ observed }) => observed ?? '');
}

const appWrites = (): Promise<unknown> =>
  app
    .db(mongo.database)
    .collection<Person>('people')
    .updateOne({ _id: 'p1' }, { $set: { name: 'written' } });

async function archived(folder: string, name: string): Promise<readonly BSON.Document[]> {
  const file = (await readdir(folder)).find((f) => f.startsWith(`${name}.bson`)) ?? '';
  const found: BSON.Document[] = [];
  await readCompressed(join(folder, file), new AbortController().signal, async (source) => {
    for await (const document of documentsOf(source)) found.push(BSON.deserialize(document));
  });
  return found;
}

it('shows what really differs from the backup, keeps the list beside it, and does nothing', async () => {
  await goOn();
  const before = await digestCollection(db, 'people');
  const { list, lost, file, restored } = await run.restore();
  expect(restored).toBeUndefined();
  expect(list.collections).toEqual([
    {
      ...{ collection: 'people', is: 'changed', inserted: 2, changed: 1, deleted: 3, stamped: PEOPLE - 4 },
      ids: ['"p7"', '"p8"', '"p9"', '"p10"', '"late-1"'],
      digest: expect.stringMatching(/^sum:/) as string,
    },
    expect.objectContaining({ collection: 'settings', is: 'dropped', deleted: 2, ids: ['1', '2'] }),
    expect.objectContaining({ collection: 'tenants', is: 'created', inserted: 1, ids: ['"t1"'] }),
  ]);
  expect(list.total).toBe(2 + 1 + 3 + 2 + 1);
  expect(list.shape.join('\n')).toMatch(
    /names was dropped since: it comes back\npeople has other options\npeople: tenant_id_1 is not in the backup/,
  );
  expect(
    `sha256:${createHash('sha256')
      .update(await readFile(file))
      .digest('hex')}`,
  ).toBe(lost);
  expect(await digestCollection(db, 'people')).toEqual(before);
  expect((await run.restore()).lost).toBe(lost);
}, 120_000);

it('brings every collection, index, validator and view back, and keeps what was lost in files', async () => {
  await goOn();
  const lost = (await run.restore()).lost;
  const steady = await uuidOf('steady');
  const { restored } = await run.restore(approvalOf(lost));
  expect(await differences()).toEqual([]);
  expect(await uuidOf('steady')).toBe(steady);
  expect(restored?.message).toContain(`again what it was at ${manifest.takenAt}`);
  const people = await archived(restored?.archive ?? '', 'people');
  expect(people).toHaveLength(PEOPLE - 3 + 2);
  expect(people.find(({ _id }) => _id === 'p7')).toEqual({ _id: 'p7', name: 'another' });
  expect(await archived(restored?.archive ?? '', 'tenants')).toEqual([{ _id: 't1' }]);
  expect((await archived(restored?.archive ?? '', 'people.deleted')).map(({ _id }) => String(_id)).sort()).toEqual([
    'p10',
    'p8',
    'p9',
  ]);
  await expect(appWrites()).resolves.toMatchObject({ matchedCount: 1 });
}, 120_000);

it('goes on with the chain of the ledger, lets go of the target, and answers a second call without doing it again', async () => {
  await goOn();
  const { lost } = await run.restore();
  const { restored } = await run.restore(approvalOf(lost));
  const lane = client.db(laneName(mongo.database));
  const rows = await ledgerIn(lane).rowsAfter(run.run.id, 0);
  expect(firstBrokenRow(rows)).toBeUndefined();
  expect(rows.map(({ event, body }) => [event, (body as { word?: string }).word])).toEqual([
    ['plan', undefined],
    ['operator', 'restore'],
    ['operator', 'restored'],
  ]);
  expect(rows[1]?.body).toMatchObject({ by: 'lead-1 and sre-1', comment: 'orders lost', lost });
  const exported = JSON.parse(await readFile(join(restored?.archive ?? '', 'ledger.json'), 'utf8')) as unknown[];
  expect(exported).toHaveLength(1);
  expect((await claims(lane).findOne({ _id: 'app' }))?.run).toBeNull();
  expect(refusesAdoption(run.run.id, rows)).toMatch(/was restored from the backup/);
  await appWrites();
  expect((await run.restore(approvalOf(lost))).restored).toEqual(restored);
  expect(await db.collection<Person>('people').findOne({ _id: 'p1' })).toMatchObject({ name: 'written' });
  expect(await ledgerRows(lane).countDocuments()).toBe(3);
}, 120_000);

describe('changes nothing and lets the application write', () => {
  beforeEach(goOn);

  const refused = async (approved: RestoreApproval, words: RegExp): Promise<void> => {
    const before = await digestCollection(db, 'people');
    await expect(run.restore(approved)).rejects.toThrow(words);
    expect(await digestCollection(db, 'people')).toEqual(before);
    expect(await readMarker(client.db(laneName(mongo.database)), 'app')).toBeUndefined();
    await expect(appWrites()).resolves.toMatchObject({ matchedCount: 1 });
  };

  it('without the quorum of the gate before contract', async () => {
    const { lost } = await run.restore();
    await refused(approvalOf(lost, ['lead-1']), /quorum of the gate before contract: .*sre.* wanting/);
    await refused(approvalOf(lost, ['nobody']), /Nobody of nobody is in the people file/);
    await refused({ ...approvalOf(lost), comment: ' ' }, /needs a reason/);
  }, 120_000);

  it('for a list that nobody was shown', async () => {
    await refused(approvalOf(`sha256:${'0'.repeat(64)}`), /No list with the digest/);
  }, 120_000);

  it('for a list that has changed since, though the numbers are the same', async () => {
    const { lost } = await run.restore();
    await app
      .db(mongo.database)
      .collection<Person>('people')
      .updateOne({ _id: 'p7' }, { $set: { name: 'third' } });
    await refused(approvalOf(lost), /has changed since it was shown: \d+ documents .*but others/);
    expect((await claims(client.db(laneName(mongo.database))).findOne({ _id: 'app' }))?.run).toBeNull();
  }, 120_000);

  it('while somebody else than the application writes', async () => {
    const { lost } = await run.restore();
    const writer = keepWriting();
    await refused(
      approvalOf(lost),
      /has changed since it was shown|Somebody other than the application's user still writes: .* in steady/,
    ).finally(writer.stop);
  }, 120_000);

  it('when another run holds the target', async () => {
    const { lost } = await run.restore();
    const lane = client.db(laneName(mongo.database));
    await claims(lane).insertOne({
      ...{ _id: 'app', run: 'other.11111111', plan: 'other', token: 3, step: 'expand/x', verb: 'do', fingerprint: 'x' },
      claimedAt: new Date(),
    });
    await refused(approvalOf(lost), /belongs to run other\.11111111/);
    await claims(lane).deleteMany({});
  }, 120_000);

  it('from a backup that is not whole', async () => {
    const { lost } = await run.restore();
    const file = join(await backupFolder(), manifest.users.file);
    await rm(file);
    await refused(approvalOf(lost), /is damaged .* nothing is dropped for it/);
  }, 120_000);
});

it('restores a database that was dropped whole', async () => {
  await db.dropDatabase();
  const { lost, list } = await run.restore();
  expect(list.collections.map(({ collection, is }) => `${collection} ${is}`)).toEqual([
    'people dropped',
    'settings dropped',
    'steady dropped',
  ]);
  await run.restore(approvalOf(lost));
  expect(await differences()).toEqual([]);
}, 120_000);

it('goes on after its worker was killed in the middle, and refuses the application until it has ended', async () => {
  await goOn();
  const { lost } = await run.restore();
  await killInTheMiddle(lost);
  expect(await differences()).not.toEqual([]);
  await expect(appWrites()).rejects.toMatchObject({ code: 13 });
  expect((await run.restore()).underWay).toContain(`--lost ${lost}`);
  await expect(run.restore(approvalOf(`sha256:${'0'.repeat(64)}`))).rejects.toThrow(/stands in the middle/);
  const { restored } = await run.restore(approvalOf(lost));
  expect(await differences()).toEqual([]);
  expect(await archived(restored?.archive ?? '', 'people')).toHaveLength(PEOPLE - 3 + 2);
  expect((await readdir(shelf())).filter((name) => name.endsWith('.partial'))).toEqual([]);
  await expect(appWrites()).resolves.toMatchObject({ matchedCount: 1 });
}, 120_000);

it('keeps the application out after a stop before anything changed, and lets it in when the list is another one by then', async () => {
  await goOn();
  const { lost } = await run.restore();
  const stop = new AbortController();
  const onProgress = (doing: string): void =>
    doing.startsWith('keeping') ? stop.abort(new Error('stopped')) : undefined;
  await expect(run.restore(approvalOf(lost), { signal: stop.signal, onProgress })).rejects.toThrow();
  await expect(appWrites()).rejects.toMatchObject({ code: 13 });
  expect((await run.restore()).underWay).toMatch(/has changed nothing yet, but the application's writes are refused/);
  await db.collection<Person>('people').updateOne({ _id: 'p7' }, { $set: { name: 'by hand' } });
  await expect(run.restore(approvalOf(lost))).rejects.toThrow(/has changed since it was shown/);
  await expect(appWrites()).resolves.toMatchObject({ matchedCount: 1 });
  await run.restore(approvalOf((await run.restore()).lost));
  expect(await differences()).toEqual([]);
}, 120_000);

it('compares in several parts what does not fit into memory at once, and finds the same', async () => {
  await goOn();
  const folder = await backupFolder();
  const entry = manifest.collections['people']?.data;
  const listed = async (atOnce: number) => {
    const tally = new LostTally();
    const backup = { path: join(folder, entry?.file ?? ''), documents: entry?.content.documents ?? 0 };
    const asked = { db, collection: 'people', backup, there: true, column: 'tenant_id', atOnce };
    for await (const document of lostDocuments({ ...asked, signal: new AbortController().signal }, tally))
      void document;
    return tally.result('people', 'changed');
  };
  expect(await listed(700)).toEqual(await listed(1_000_000));
  expect(BSON.deserialize(idDocument('\x10\x07\x00\x00\x00'))).toEqual({ _id: 7 });
}, 120_000);

async function killInTheMiddle(lost: Digest): Promise<void> {
  const { tool, app: appUrl } = mongo.urls;
  const env = { TEST_TOOL: tool, TEST_APP: appUrl, TEST_STORE: storeDir, TEST_RUN: run.run.id, TEST_LOST: lost };
  const files = ['test/support/swc-register.cjs', 'test/support/mongo-restore-worker.ts'].map((f) =>
    join(projectRoot(), f),
  );
  const worker = spawn(process.execPath, ['-r', ...files], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const gone = new Promise((resolve) => worker.once('close', resolve));
  for await (const line of createInterface({ input: worker.stdout })) if (line.startsWith('restoring people')) break;
  worker.kill('SIGKILL');
  await gone;
}

/** A job of the operators, with rights of its own. */
function keepWriting(): { readonly stop: () => Promise<void> } {
  let going = true;
  const work = (async () => {
    for (let n = 0; going; n += 1)
      await root.db(mongo.database).collection<{ _id: number }>('steady').updateOne({ _id: 1 }, { $set: { n } });
  })();
  return {
    stop: async () => {
      going = false;
      await work;
    },
  };
}

async function uuidOf(name: string): Promise<string> {
  const [found] = await db.listCollections({ name }, { nameOnly: false }).toArray();
  return String((found as { info?: { uuid?: unknown } } | undefined)?.info?.uuid);
}
