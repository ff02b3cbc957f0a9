import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, ObjectId, type Db } from 'mongodb';
import { diffStep } from '../../../activities/mongodb/steps/diff';
import { exportStep } from '../../../activities/mongodb/steps/export';
import type { MongoTarget } from '../../../activities/resources';
import type { Evidence } from '../../../src/core/evidence';
import { RUN, resourcesOf } from '../../support/backup-context';
import { freshMongo, MONGO_PATIENCE, type FreshMongo } from '../../support/mongo';
import { mongoBackupContext } from '../../support/mongo-backup-context';

let mongo: FreshMongo;
let client: MongoClient;
let db: Db;
let storeDir: string;
let count = 0;

beforeAll(async () => {
  mongo = await freshMongo();
  storeDir = await mkdtemp(join(tmpdir(), 'cutover-mongo-export-'));
  client = await new MongoClient(mongo.urls.app).connect();
  db = client.db(mongo.database);
}, MONGO_PATIENCE);

beforeEach(async () => {
  await db.collection('users').deleteMany({});
  await db.collection<User>('users').insertMany([
    { _id: new ObjectId('650000000000000000000002'), email: 'b@x.test', role: 'member', password_hash: SECRET },
    { _id: new ObjectId('650000000000000000000001'), email: 'a@x.test', role: '=cmd()', password_hash: SECRET },
    { _id: new ObjectId('650000000000000000000003'), email: 'c@x.test', role: null, password_hash: SECRET },
  ]);
});

afterAll(async () => {
  await client?.close();
  await mongo?.close();
  if (storeDir) await rm(storeDir, { recursive: true, force: true });
});

const SECRET = '$2b$12$not-to-be-seen';

interface User {
  readonly _id: ObjectId;
  readonly email: string;
  readonly role: string | null;
  readonly password_hash: string;
}

interface Trial {
  readonly exported: () => Promise<Evidence>;
  readonly diff: () => Promise<Evidence>;
  readonly file: (ending: string) => Promise<string>;
}

function trial(): Trial {
  const run = { ...RUN, id: `test-plan.${String(++count).padStart(8, '0')}` };
  const home: MongoTarget = { kind: 'mongodb', name: 'app', url: () => mongo.urls.tool };
  const resources = resourcesOf({ targets: [home], storeDir });
  const args = { name: 'users', table: 'users', columns: ['email', 'role'], key: '_id', store: 'backups' };
  const shelf = join(storeDir, run.plan, run.id);
  return {
    exported: () =>
      exportStep(resources).do(mongoBackupContext({ kind: 'export', id: 'backup/users', args, home, run })),
    diff: () =>
      diffStep(resources).do(
        mongoBackupContext({ kind: 'diff', id: 'validate/users', args: { export: 'backup/users' }, home, run }),
      ),
    file: async (ending) => join(shelf, (await readdir(shelf))[0] ?? '', `export-users.${ending}`),
  };
}

it('writes the named fields as CSV and JSON in the order of their key, and nothing else', async () => {
  const { exported, file } = trial();
  expect(await exported()).toMatchObject({
    verdict: 'pass',
    figures: { rows: 3, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  });
  const csv = await readFile(await file('csv'), 'utf8');
  expect(csv.split('\r\n').slice(0, 4)).toEqual([
    '_id,email,role',
    "650000000000000000000001,a@x.test,'=cmd()",
    '650000000000000000000002,b@x.test,member',
    '650000000000000000000003,c@x.test,',
  ]);
  const json = await readFile(await file('json'), 'utf8');
  expect(JSON.parse(json)).toMatchObject({
    key: '_id',
    rows: [{ email: 'a@x.test', role: '=cmd()' }, { role: 'member' }, { role: null }],
  });
  expect(csv + json).not.toContain(SECRET);
}, 60_000);

it('is written once: a second attempt changes nothing', async () => {
  const { exported, file } = trial();
  const first = await exported();
  await db.collection('users').deleteMany({});
  expect((await exported()).figures).toEqual(first.figures);
  expect(JSON.parse(await readFile(await file('json'), 'utf8'))).toHaveProperty('rows.length', 3);
}, 60_000);

it('finds the same rows the same, and shows those that the application added', async () => {
  const { exported, diff } = trial();
  await exported();
  const users = db.collection<User>('users');
  await users.updateMany({}, { $set: { tenant_id: 't1' } });
  await users.insertOne({ _id: new ObjectId(), email: 'new@x.test', role: 'member', password_hash: SECRET });
  expect(await diff()).toMatchObject({ verdict: 'pass', figures: { same: 3, gone: 0, changed: 0, added: 1 } });
}, 60_000);

it('fails, and names them, when rows are gone or different', async () => {
  const { exported, diff } = trial();
  await exported();
  const users = db.collection<User>('users');
  await users.deleteOne({ email: 'a@x.test' });
  await users.updateOne({ email: 'b@x.test' }, { $set: { role: 'owner' } });
  const found = await diff();
  expect(found).toMatchObject({ verdict: 'fail', figures: { same: 1, gone: 1, changed: 1 } });
  expect(found.checks.find(({ name }) => name === 'gone')?.observed).toBe('1: "650000000000000000000001"');
  expect(found.checks.find(({ name }) => name === 'changed')?.observed).toBe('1: "650000000000000000000002": role');
}, 60_000);

it('refuses an export that was changed afterwards', async () => {
  const { exported, diff, file } = trial();
  await exported();
  const path = await file('json');
  await chmod(path, 0o600);
  await writeFile(path, (await readFile(path, 'utf8')).replace('member', 'owner'));
  await expect(diff()).rejects.toThrow(/has changed since it was written/);
}, 60_000);
