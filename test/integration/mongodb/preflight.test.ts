import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, type ClientSession, type Db } from 'mongodb';
import { record } from '../../../activities/mongodb/ask';
import { askCapabilities } from '../../../activities/mongodb/capabilities';
import { serverFindings } from '../../../activities/mongodb/preflight/server';
import { preflightStep } from '../../../activities/mongodb/steps/preflight';
import type { MongoTarget, Resources, Target } from '../../../activities/resources';
import type { Check, Evidence } from '../../../src/core/evidence';
import type { ModelCheck, PreflightArgs } from '../../../src/core/preflight-args';
import { freshMongo, MONGO_PATIENCE, type FreshMongo } from '../../support/mongo';
import { MongoTestRun } from '../../support/mongo-run';
import { workerResources } from '../../support/worker-resources';

// Beside other tests on one small server every question takes its time.
jest.setTimeout(60_000);

let mongo: FreshMongo;
let client: MongoClient;
let db: Db;
let folder: string;

beforeAll(async () => {
  mongo = await freshMongo();
  folder = await mkdtemp(join(tmpdir(), 'preflight-'));
  client = await new MongoClient(mongo.urls.root).connect();
  db = client.db(mongo.database);
}, MONGO_PATIENCE);

afterAll(async () => {
  await client?.close();
  await mongo?.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray()) await db.dropCollection(name);
  await db.collection('users').insertMany([{ email: 'a' }, { email: 'b', tenant_id: 't' }]);
  await client.db(mongo.scratch).dropDatabase();
  await forget();
});

/** A run that asks again, as a retry does, would be told what its first attempt has found. */
async function forget(): Promise<void> {
  for (const name of ['claim', 'ledger', 'capture']) await lane().collection(name).deleteMany({});
}

const ARGS: PreflightArgs = {
  tables: ['users'],
  column: 'tenant_id',
  type: 'text',
  creates: [],
  scratch: 'scratch',
  store: 'backups',
  maxTransactionAgeMs: 60_000,
  watch: [],
};

const lane = (): Db => client.db(`cutover_${mongo.database}`);

function home(more: Partial<MongoTarget> = {}): MongoTarget {
  return { kind: 'mongodb', name: 'app', url: () => mongo.urls.tool, probeAs: () => mongo.urls.app, ...more };
}

function resourcesWith(targets: readonly Target[], more: Partial<Resources> = {}): Resources {
  return { ...workerResources({ targets }), store: (name) => ({ name, dir: folder }), ...more };
}

interface Asking {
  readonly args?: Partial<PreflightArgs>;
  readonly targets?: readonly Target[];
  readonly more?: Partial<Resources>;
  readonly run?: MongoTestRun;
}

async function preflight({ args = {}, targets = [], more = {}, run }: Asking = {}): Promise<Evidence> {
  if (!run) await forget();
  const named = targets.map(({ name }) => name);
  const usual = [home(), home({ name: 'scratch', url: () => mongo.urls.scratch })].filter(
    (t) => !named.includes(t.name),
  );
  const handler = preflightStep(resourcesWith([...usual, ...targets], more));
  const asking = run ?? new MongoTestRun(home());
  return asking.do({ id: 'preflight/claim', kind: 'preflight', args: { ...ARGS, ...args }, handler });
}

function failing({ checks }: Evidence): readonly Check[] {
  return checks.filter((c) => c.verdict !== 'pass');
}

function warnings({ figures }: Evidence): readonly string[] {
  return Object.entries(figures ?? {}).flatMap(([name, text]) => (name.startsWith('warning ') ? [String(text)] : []));
}

test('passes on an ordinary database, with its figures, and every warning is one line of the gate', async () => {
  await db.collection('other').insertOne({});
  await db
    .collection('odd')
    .insertMany([
      { tenant_id: '' },
      { tenant_id: '' },
      { tenant_id: null },
      { _id: 7 as never, tenant_id: 7 },
      { tenant_id: 't' },
    ]);
  const evidence = await preflight({ args: { tables: ['users', 'odd', 'later'] } });
  expect(failing(evidence)).toEqual([]);
  expect(evidence.figures).toMatchObject({ collections: 2, absent: 1, documents: 7, withoutKey: 5 });
  const said = warnings(evidence);
  expect(said).toContain('not there yet, made by their first write: later');
  expect(said).toContain('not in the plan and left alone: other (collection)');
  expect(said.find((w) => w.startsWith('odd: '))).toMatch(
    /^odd: (?=.*1 document has tenant_id of type null)(?=.*1 document has tenant_id of type int).*, 2 documents have an empty tenant_id \(counted as missing\)$/,
  );
  expect(said.find((w) => w.startsWith('odd: _id'))).toMatch(/of several types \(.*objectId 4.*\)/);
  for (const text of said) expect(text).not.toContain('; ');
});

test('refuses views, capped collections and unique indexes over all tenants, each by name', async () => {
  await db.createCollection('capped', { capped: true, size: 4096 });
  await db.createCollection('seen', { viewOn: 'users', pipeline: [] });
  await db.collection('users').createIndex({ email: 1 }, { name: 'email_1', unique: true });
  const evidence = await preflight({ args: { tables: ['users', 'capped', 'seen'] } });
  const [collections, unique, ...rest] = failing(evidence);
  expect(rest).toEqual([]);
  expect(collections?.name).toBe('collections');
  expect(collections?.observed).toMatch(/capped is capped/);
  expect(collections?.observed).toMatch(/seen is a view/);
  expect(unique).toMatchObject({
    name: 'unique indexes',
    observed: expect.stringContaining('users.email_1') as string,
  });
  const uniques = [{ table: 'users', name: 'tenant_email', columns: ['tenant_id', 'email'], replaces: 'email_1' }];
  expect(failing(await preflight({ args: { uniques } }))).toEqual([]);
  expect(failing(await preflight({ args: { globalUniques: [{ table: 'users', name: 'email_1' }] } }))).toEqual([]);
  await db.collection('users').dropIndex('email_1');
  expect(failing(await preflight({ args: { uniques } }))[0]?.observed).toContain('users has no index email_1');
});

test('refuses a rule that looks into a collection that is not there', async () => {
  const rule = { kind: 'mapping', by: 'branch', in: { table: 'brnaches', from: '_id', to: 'tenant' } } as const;
  const evidence = await preflight({ args: { rules: [{ table: 'users', rule }] } });
  expect(failing(evidence).map(({ observed }) => observed)).toEqual([
    expect.stringContaining('the rule of users looks branch up in brnaches, which is not there'),
  ]);
});

test('says of a validator that only warns that the switch replaces it', async () => {
  await db.createCollection('lenient', { validator: { n: { $gt: 1 } }, validationAction: 'warn' });
  await db.createCollection('severe', { validator: { n: { $gt: 1 } } });
  const said = warnings(await preflight({ args: { tables: ['users', 'lenient', 'severe'] } }));
  expect(said.filter((text) => text.includes('validator')).join()).toMatch(/^the validator of lenient refuses nothing/);
  for (const text of said) expect(text).not.toContain('; ');
});

test('refuses a plan whose collections, roles or documents are not those of the application’s own code', async () => {
  const says = async (model: object): Promise<string> => {
    const file = join(folder, 'model.js');
    await writeFile(file, `console.log(${JSON.stringify(JSON.stringify(model))})`);
    return file;
  };
  const file = await says({
    collections: ['users', 'notes'],
    roleScopeMap: { admin: 'owner' },
    tenant: { id: 'x', name: 'Default', created: { $date: '2026-01-01' } },
    membership: { id: 'x', user_id: 'u' },
  });
  const model: ModelCheck = {
    command: { argv: [process.execPath, file], timeoutMs: 10_000 },
    tables: ['users', 'gone'],
    roles: { admin: 'member' },
    tenant: { values: { name: 'Main' }, fill: { id: 'uuid', created: 'now-iso' } },
    membership: { columns: ['user_id'], fill: { id: 'uuid', since: 'now' } },
  };
  const more = { commands: { allow: [process.execPath], cwd: folder, env: ['PATH'], hosts: {} } };
  const found = failing(await preflight({ args: { model }, more })).map((c) => `${c.name}: ${c.observed}`);
  expect(found).toEqual([
    expect.stringMatching(
      /^tenant collections: notes is the tenants' in the code.*gone is in the plan and not in the code/,
    ),
    expect.stringMatching(/^roles of memberships: admin: member in the plan, owner in the code/),
    expect.stringMatching(
      /^tenant document: .*created: text in the plan, date in the code.*"Main" in the plan, "Default"/,
    ),
    expect.stringMatching(/^membership document: since: date in the plan, nothing in the code/),
  ]);
  const silent: ModelCheck = { ...model, command: { argv: [process.execPath, '-e', ''], timeoutMs: 10_000 } };
  expect(failing(await preflight({ args: { model: silent }, more }))).toMatchObject([{ name: 'application model' }]);
}, 30_000);

test('refuses a log that cannot be read, and captures where one ends that can', async () => {
  const log: Target = { kind: 'log', name: 'app-log', path: join(folder, 'app.log') };
  const evidence = await preflight({ args: { logs: ['app-log'] }, targets: [log] });
  expect(failing(evidence)).toMatchObject([
    { name: 'logs', observed: expect.stringContaining('the log "app-log" cannot be read') as string },
  ]);
  await writeFile(log.path, 'one line\n');
  expect(failing(await preflight({ args: { logs: ['app-log'] }, targets: [log] }))).toEqual([]);
  const captured = await lane()
    .collection<{ _id: string; value: string }>('capture')
    .findOne({ _id: /log:app-log$/ });
  expect(JSON.parse(captured?.value ?? '{}')).toMatchObject({ bytes: 9 });
});

test('refuses a scratch that is the home under another name, and one that holds something', async () => {
  const same = home({ name: 'scratch' });
  expect(failing(await preflight({ targets: [same] }))).toMatchObject([
    { name: 'scratch', observed: expect.stringContaining('are the same database') as string },
  ]);
  await client.db(mongo.scratch).collection('somebody').insertOne({});
  expect(failing(await preflight())).toMatchObject([
    { name: 'scratch', observed: expect.stringContaining('holds what no drill has put there (somebody)') as string },
  ]);
});

test('refuses to prove a fence on an application user who may do everything, and without one at all', async () => {
  const mighty = failing(await preflight({ targets: [home({ probeAs: () => mongo.urls.root })] }));
  expect(mighty).toMatchObject([{ name: 'application user' }]);
  expect(mighty[0]?.observed).toMatch(/has the role root: a fence proves nothing on it/);
  expect(mighty[0]?.observed).not.toContain(new URL(mongo.urls.root).password);
  const { probeAs: _none, ...lone } = home();
  const nobody = failing(await preflight({ targets: [lone] }));
  expect(nobody).toMatchObject([
    { name: 'application user', observed: expect.stringContaining('has no probeAs') as string },
  ]);
});

test('names an operation that is older than the plan allows, as far as this server shows it', async () => {
  const session: ClientSession = client.startSession();
  session.startTransaction();
  // Reads only: a server whose transactions lock more than documents would let nobody else ask.
  await db.collection('users').findOne({}, { session });
  const admin = client.db('admin');
  const shown = async (): Promise<boolean> => {
    const ops = await admin
      .aggregate([{ $currentOp: { allUsers: true, idleSessions: true } }])
      .toArray()
      .catch(async () => (await admin.command({ currentOp: 1, $all: true }))['inprog'] as readonly object[]);
    return ops.some((op) => JSON.stringify(op).includes('timeOpenMicros'));
  };
  try {
    const found = failing(await preflight({ args: { maxTransactionAgeMs: 0 } }));
    if (await shown()) expect(found).toMatchObject([{ name: 'long operations' }]);
    else expect(found.filter(({ name }) => name !== 'long operations')).toEqual([]);
  } finally {
    await session.abortTransaction();
    await session.endSession();
  }
});

test('says what this server cannot do, and nothing about what this user may not ask', async () => {
  const can = await askCapabilities({ client, db });
  const said = (more: Partial<typeof can>): string =>
    (serverFindings({ ...can, ...more }, 60_000).warnings ?? []).join('\n');
  const checks = (more: Partial<typeof can>): readonly string[] =>
    serverFindings({ ...can, ...more }, undefined).checks.flatMap((c) => (c.verdict === 'pass' ? [] : [c.name]));
  expect(checks({})).toEqual([]);
  expect(said({ journal: false })).toContain('keeps nothing over a restart');
  expect(said({ journal: undefined })).not.toContain('keeps nothing over a restart');
  expect(said({ journal: true })).not.toContain('keeps nothing over a restart');
  expect(said({ user: undefined })).toContain('asks nobody for a password');
  expect(checks({ version: '5.0.9' })).toEqual(['server']);
  expect(checks({ replicaSet: undefined, transactions: false })).toEqual(['replica set', 'abilities']);
});

test('after a rollback wants the root cause of it, in words, from whoever starts the plan again', async () => {
  const first = new MongoTestRun(home());
  await first.claim();
  const note = {
    id: 'n-1',
    event: 'finished',
    at: '2026-11-21T12:00:00.000Z',
    body: { outcome: 'rolled-back' },
  } as const;
  const resources = resourcesWith([home()]);
  await record(resources, { run: first.ref, expect: first.head, notes: [note] });
  await lane()
    .collection('claim')
    .updateMany({}, { $set: { run: null } });
  const again = new MongoTestRun(home(), { ...first.ref, id: 'runbook-0.11111111' });
  const found = failing(await preflight({ run: again }));
  expect(found).toMatchObject([
    {
      name: 'root cause',
      observed: expect.stringMatching(/run runbook-0\.0123abcd was rolled back: start with --root-cause/) as string,
    },
  ]);
  const start = {
    id: 'n-2',
    event: 'operator',
    at: note.at,
    body: { word: 'start', rootCause: 'the disk was full' },
  } as const;
  await record(resources, { run: again.ref, expect: again.head, notes: [start] });
  again.head = await headOf(again);
  const evidence = await preflight({ run: again });
  expect(failing(evidence)).toEqual([]);
  expect(evidence.checks.find((c) => c.name === 'root cause')?.observed).toBe('the disk was full');
  const other = new MongoTestRun(home({ name: 'app' }), {
    ...first.ref,
    id: 'runbook-01.22222222',
    plan: 'runbook-01',
  });
  await lane()
    .collection('claim')
    .updateMany({}, { $set: { run: null } });
  expect(failing(await preflight({ run: other }))).toEqual([]);
});

async function headOf({ ref }: MongoTestRun) {
  const [last] = await lane().collection('ledger').find({ run: ref.id }).sort({ seq: -1 }).limit(1).toArray();
  return { seq: Number(last?.['seq']), hash: String(last?.['hash']) };
}
