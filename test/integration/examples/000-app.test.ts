import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MongoClient, type Db, type Document } from 'mongodb';
import { appControl, type AppControl } from '../../../examples/000-mk-proptech/app-control';
import { layOutApp, type AppRoot } from '../../../examples/000-mk-proptech/app-root';
import { ADMIN, MEMBER } from '../../../examples/000-mk-proptech/legacy/people';
import { generate } from '../../../examples/000-mk-proptech/legacy/generate';
import { checkWrites, type WritesReport } from '../../../examples/000-mk-proptech/load/check-writes';
import type { ArchiveLookup } from '../../../examples/000-mk-proptech/load/archive';
import { readLog } from '../../../examples/000-mk-proptech/load/read-log';
import { SCOPED } from '../../../examples/000-mk-proptech/load/collections';
import { LEGACY_BUILD, TENANT_BUILD } from '../../../examples/000-mk-proptech/paths';
import { startLoad, type Load } from '../../../examples/000-mk-proptech/processes';
import { exampleVenv } from '../../../examples/000-mk-proptech/python';
import { runLiteral, validateLiteral } from '../../../examples/000-mk-proptech/runbook/run-literal';
import { createMongoUsers } from '../../../src/dev/mongo-users';
import { writersRole } from '../../../src/dev/mongo-roles';
import { freePort } from '../../../src/dev/ports';
import { silent } from '../../../src/dev/progress';
import { openRunDir, type RunDir } from '../../../src/dev/run-dir';
import { freshMongo, MONGO_PATIENCE, type FreshMongo } from '../../support/mongo';

jest.setTimeout(120_000);

const TENANT = { DEFAULT_TENANT_ID: 'tenant-default', DEFAULT_TENANT_NAME: 'Primarni profil' };
const SOUND = { missing: [], wrong: [], refusedButPresent: [] };
const run = promisify(execFile);

let mongo: FreshMongo;
let runDir: RunDir;
let python: string;
let app: AppRoot;
let control: AppControl;
let client: MongoClient;
let db: Db;
let writeLog: string;

beforeAll(async () => {
  runDir = openRunDir('example-000');
  mongo = await freshMongo();
  ({ python } = await exampleVenv(silent));
  client = await MongoClient.connect(mongo.urls.root);
  db = client.db(mongo.database);
  writeLog = runDir.file('writes.jsonl');
  await generate(mongo.urls.root, { documents: 2_000, seed: 5 });
  app = await layOutApp(runDir.file('mk-proptech'), {
    mongoUrl: mongo.urls.app,
    database: mongo.database,
    env: TENANT,
  });
  control = appControl(app, { python, port: await freePort() });
  await control.use(LEGACY_BUILD);
  await control.start();
  await control.worker('start');
}, MONGO_PATIENCE);

afterAll(async () => {
  await control.worker('stop');
  await control.stop();
  await client.close();
  await mongo.close();
  await runDir.close();
});

test('every write that the legacy build acknowledged is found, also those to documents that were there before', async () => {
  const load = await startLoad({ ...load000(), notesAfterSeconds: 1 });
  await until(load, async ({ ok }) => Number(ok) > 120 && (await opsOf(writeLog)).size === 5);
  const summary = await load.stop();
  const report = await check();
  expect(report).toMatchObject({ ...SOUND, found: report.ok, ok: summary.ok, refused: summary.refused });
  expect(summary).toMatchObject({ unknown: 0, readErrors: 0, leaks: 0 });
  expect(await readFile(writeLog, 'utf8')).toContain('"by":"id"');
});

test('the introspected collections are those that the check believes to be scoped, and some do not exist yet', async () => {
  const { stdout } = await release(['-m', 'backend.manage', 'introspect', '--tenant-id', 't-1'], { MONGO_URL: '' });
  const said = JSON.parse(stdout) as { readonly collections: string[]; readonly tenant: Document };
  expect(said.collections).toEqual([...SCOPED].sort());
  expect(said.tenant).toMatchObject({ id: 't-1', created_at: { $date: expect.stringMatching(/Z$/) } });
  const there = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name));
  expect(said.collections.filter((name) => !there.has(name))).toContain('inspections');
});

test('typed where the runbook says, in backend/, the literal script finds no backend (T0.6)', async () => {
  const cwd = join(app.root, 'releases', TENANT_BUILD, 'backend');
  await expect(validateLiteral({ env: app.env, python, cwd })).rejects.toThrow(/No module named 'backend'/);
});

test('the literal runbook beside writers leaves null and empty keys, and what was written meanwhile, without a tenant', async () => {
  const load = await startLoad(load000());
  const literal = { env: { ...app.env, MIGRATE_MONGO_URL: mongo.urls.root }, python, cwd: releaseFolder() };
  const printed = await runLiteral(literal);
  const seen = Number(load.latest('progress')?.['ok'] ?? 0);
  await until(load, ({ ok }) => Number(ok) > seen + 60);
  await load.stop();
  expect(printed).toMatch(/^inspections: 0 documents updated$/m);
  expect(await validateLiteral(literal)).toMatch(/^\w+: [1-9]\d* documents missing tenant_id$/m);
  // What its own validation can never count:
  expect(await db.collection('properties').countDocuments({ tenant_id: { $exists: true, $in: [null, ''] } })).toBe(1);
  const report = await check(TENANT.DEFAULT_TENANT_ID);
  expect(report.wrong.join('\n')).toMatch(/documents has \d+ documents that belong to no tenant/);
  expect(report.found).toBeLessThan(report.ok);
});

test('the tenant build serves its own tenant only, and the load that the switch surprises goes on', async () => {
  await stampAll();
  const load = await startLoad({ ...load000(), secondTenant: true });
  await control.use(TENANT_BUILD);
  expect(await control.restart()).toMatchObject({ state: 'running', build: TENANT_BUILD, was: LEGACY_BUILD });
  await control.worker('restart');
  await stampAll(); // what the old build wrote until it ended
  await until(load, ({ second, ok }) => second !== null && Number(ok) > 150);
  const summary = await load.stop();
  expect(summary).toMatchObject({ leaks: 0 });
  expect(summary.attacks).toBeGreaterThan(0);
  await control.worker('stop');
  const report = await check(TENANT.DEFAULT_TENANT_ID);
  expect(report).toMatchObject({ ...SOUND, found: report.ok });
});

test('X-Tenant-Id is required, a spoofed one refused, and /api/tenants is for admins', async () => {
  const [admin, member] = [await login(ADMIN), await login(MEMBER)];
  expect(await get('/api/properties', admin)).toMatchObject({ status: 400, body: { error: 'tenant_required' } });
  expect(await get('/api/properties', admin, 'tenant-of-nobody')).toMatchObject({ status: 403 });
  expect(await get('/api/tenants', member)).toMatchObject({ status: 403 });
  const { body } = await get('/api/tenants', admin);
  const ids = (body.items as Document[]).map(({ id }) => id as string);
  expect(ids).toContain(TENANT.DEFAULT_TENANT_ID);
  const second = ids.find((id) => id !== TENANT.DEFAULT_TENANT_ID);
  expect(await get('/api/properties', member, second)).toMatchObject({ status: 403 });
  expect(await get('/api/properties', member, TENANT.DEFAULT_TENANT_ID)).toMatchObject({ status: 200 });
});

test('the three suites of the runbook pass', async () => {
  const env = { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password };
  const outside = await release(['backend_test.py', '--base-url', control.url], env);
  expect(outside.stdout).toMatch(/^0 failed$/m);
  const before = await db.collection('users').countDocuments();
  expect((await release(['-m', 'pytest', '-q', '-p', 'no:cacheprovider'])).stdout).toMatch(/8 passed/);
  expect(await db.collection('users').countDocuments()).toBe(before);
  const frontend = join(releaseFolder(), 'frontend');
  const { stdout } = await run(process.execPath, ['run-tests.js', '--runInBand'], {
    cwd: frontend,
    env: { PATH: process.env.PATH },
  });
  expect(stdout).toMatch(/^# fail 0$/m);
});

test('writes that the application or the database refuses are told so, and nothing is written', async () => {
  const token = await login(ADMIN);
  const count = (): Promise<number> => db.collection('notes').countDocuments();
  const before = await count();
  await release(['-m', 'backend.manage', 'read-only', 'on', '--for', '60']);
  const flagged = await post('/api/notes', token);
  expect(flagged).toMatchObject({ status: 503, body: { error: 'read_only', outcome: 'refused' } });
  expect(flagged.retryAfter).not.toBeNull();
  await release(['-m', 'backend.manage', 'read-only', 'off']);
  await db.command({ revokeRolesFromUser: 'app', roles: [writersRole(mongo.database)] });
  expect(await post('/api/notes', token)).toMatchObject({ status: 503, body: { error: 'write_refused' } });
  expect((await get('/health', token)).body).toMatchObject({ status: 'ok', read_only: false });
  await createMongoUsers(mongo.server.rootUri, mongo);
  await db.command({ collMod: 'notes', validator: { nobody: { $type: 'int' } }, validationAction: 'error' });
  expect(await post('/api/notes', token)).toMatchObject({ status: 503, body: { error: 'write_refused' } });
  await db.command({ collMod: 'notes', validator: {} });
  expect(await count()).toBe(before);
  expect((await post('/api/notes', token)).status).toBe(201);
});

test('a load goes through the loss of the right to write, with every refusal told as one', async () => {
  const load = await startLoad(load000());
  await until(load, ({ ok }) => Number(ok) > 30);
  await db.command({ revokeRolesFromUser: 'app', roles: [writersRole(mongo.database)] });
  await until(load, ({ refused }) => Number(refused) > 30);
  await createMongoUsers(mongo.server.rootUri, mongo);
  const seen = Number(load.latest('progress')?.['ok']);
  await until(load, ({ ok }) => Number(ok) > seen + 60);
  expect(await load.stop()).toMatchObject({ unknown: 0, readErrors: 0 });
  const report = await check(TENANT.DEFAULT_TENANT_ID);
  expect(report).toMatchObject({ ...SOUND, found: report.ok });
});

test('importing what the literal script imports touches no server (T0.10)', async () => {
  const nowhere = { MONGO_URL: 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=60000' };
  const { stdout } = await release(
    ['-c', 'import backend.server as s; print(s.db.name, s.DEFAULT_TENANT_ID)'],
    nowhere,
  );
  expect(stdout).toBe(`${mongo.database} ${TENANT.DEFAULT_TENANT_ID}\n`);
});

test('the check says so when a document or a key is gone', async () => {
  const stamped = await db.collection('payments').findOne({ client_ref: { $type: 'string' } });
  await db.collection('payments').updateOne({ _id: stamped?._id }, { $unset: { tenant_id: '' } });
  const keyless = await check(TENANT.DEFAULT_TENANT_ID);
  expect(keyless.wrong).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^payments has 1 documents/),
      expect.stringMatching(/tenant_id undefined/),
    ]),
  );
  await db.collection('payments').deleteOne({ _id: stamped?._id });
  const lost = await check(TENANT.DEFAULT_TENANT_ID);
  expect(lost.missing).toEqual(expect.arrayContaining([expect.stringMatching(/payments .* is not there/)]));
  if (stamped !== null) await db.collection('payments').insertOne(stamped);
});

test('after a rollback the archive answers for what the old build cannot hold', async () => {
  const archive = await rollBack();
  await control.use(LEGACY_BUILD);
  await control.restart();
  const report = await check(undefined, archive);
  expect(report).toMatchObject({ ...SOUND, found: report.ok });
  expect(report.inArchive).toBeGreaterThan(1);
  expect((await check()).missing.join('\n')).toMatch(/the archive has no tenant/);
});

const load000 = (): { url: string; writeLog: string; logFile: string; rate: number } => ({
  url: control.url,
  writeLog,
  logFile: runDir.file('load.log'),
  rate: 60,
});

const releaseFolder = (): string => join(app.root, 'releases', TENANT_BUILD);

function check(expectKey?: string, archive?: ArchiveLookup): Promise<WritesReport> {
  return checkWrites({ logFile: writeLog, uri: mongo.urls.root, database: mongo.database, expectKey, archive });
}

function release(args: readonly string[], env: Record<string, string> = {}): Promise<{ stdout: string }> {
  const own = { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1' };
  return run(python, args, { cwd: releaseFolder(), env: { ...own, ...app.env, ...env } });
}

/** Settles at the first progress line that fits. */
async function until(load: Load, fits: (line: Document) => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const line = load.latest('progress');
    if (line !== undefined && (await fits(line))) return;
    if (Date.now() > deadline) throw new Error(`The load has not come so far in 60 s: ${JSON.stringify(line)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function opsOf(path: string): Promise<ReadonlySet<string>> {
  const lines = [...(await readLog(path)).promises.values()];
  return new Set(lines.map(({ op }) => op));
}

/** What the runbook means, done so that nothing is left behind. */
async function stampAll(): Promise<void> {
  for (const name of SCOPED)
    await db
      .collection(name)
      .updateMany({ tenant_id: { $in: [null, ''] } }, { $set: { tenant_id: TENANT.DEFAULT_TENANT_ID } });
  await release([
    '-c',
    'import asyncio; from backend.server import _ensure_default_memberships as e; asyncio.run(e())',
  ]);
}

async function rollBack(): Promise<ArchiveLookup> {
  const kept = new Map<string, { id: unknown; value: Document }[]>();
  for (const name of ['tenants', ...SCOPED]) {
    const values = await db.collection(name).find({}).toArray();
    kept.set(
      name,
      values.map((value) => ({ id: value._id, value })),
    );
    if (name !== 'tenants') await db.collection(name).updateMany({}, { $unset: { tenant_id: '' } });
  }
  for (const name of ['tenants', 'tenant_memberships']) await db.dropCollection(name);
  return async (name) => kept.get(name) ?? [];
}

interface Reply {
  readonly status: number;
  readonly body: Document;
  readonly retryAfter: string | null;
}

async function call(path: string, init: RequestInit): Promise<Reply> {
  const reply = await fetch(`${control.url}${path}`, init);
  return { status: reply.status, body: (await reply.json()) as Document, retryAfter: reply.headers.get('retry-after') };
}

function get(path: string, token: string, tenant?: string): Promise<Reply> {
  const named: Record<string, string> = tenant === undefined ? {} : { 'x-tenant-id': tenant };
  return call(path, { headers: { authorization: `Bearer ${token}`, ...named } });
}

function post(path: string, token: string): Promise<Reply> {
  const headers = {
    authorization: `Bearer ${token}`,
    'x-tenant-id': TENANT.DEFAULT_TENANT_ID,
    'content-type': 'application/json',
  };
  return call(path, { method: 'POST', headers, body: JSON.stringify({ naziv: 'preskus' }) });
}

async function login(who: { readonly email: string; readonly password: string }): Promise<string> {
  const body = JSON.stringify({ email: who.email, password: who.password });
  const reply = await call('/api/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return String(reply.body.token);
}
