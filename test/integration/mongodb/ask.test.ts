import { MockActivityEnvironment } from '@temporalio/testing';
import { tmpdir } from 'node:os';
import pino from 'pino';
import { facts, readLedger, record } from '../../../activities/mongodb/ask';
import { askMongo } from '../../../activities/mongodb/ask-target';
import { askCapabilities } from '../../../activities/mongodb/capabilities';
import { mongoEngine } from '../../../activities/mongodb/engine';
import { expectations } from '../../../activities/mongodb/expected';
import { fingerprint } from '../../../activities/mongodb/fingerprint';
import { previewLive } from '../../../activities/mongodb/preview-live';
import { releaseClaim } from '../../../activities/mongodb/release-claim';
import { openMongo, type MongoLink } from '../../../activities/mongodb/session';
import type { MongoTarget, Resources } from '../../../activities/resources';
import { done } from '../../../src/core/evidence';
import type { LivePreview } from '../../../src/core/live-preview';
import { firstBrokenRow } from '../../../src/core/ledger-row';
import type { CompiledPlan } from '../../../src/core/plan';
import type { FactsInput } from '../../../src/core/verb';
import { freshMongo, MONGO_PATIENCE, type FreshMongo } from '../../support/mongo';
import { MongoTestRun } from '../../support/mongo-run';

jest.setTimeout(60_000);

let mongo: FreshMongo;
let link: MongoLink;
let target: MongoTarget;
let resources: Resources;
let run: MongoTestRun;

beforeAll(async () => {
  mongo = await freshMongo();
  const { urls } = mongo;
  target = { kind: 'mongodb', name: 'app', url: () => urls.tool, probeAs: () => urls.app };
  resources = {
    log: pino({ level: 'silent' }),
    target: (name: string) => (name === 'scratch' ? { ...target, name, url: () => urls.scratch } : target),
    targetNames: ['app', 'scratch'],
    store: (name: string) => ({ name, dir: tmpdir() }),
    people: async () => ({ roles: { 'lead-1': ['lead'] }, digest: 'sha256:people', mode: 'claimed' }),
    redact: (text: string) => text,
  } as Partial<Resources> as Resources;
  link = await openMongo({ url: urls.tool, appName: 'test' });
  await link.db
    .collection('users')
    .insertMany([{ name: 'a' }, { name: 'b', tenantId: 't' }, { name: 'c', tenantId: '' }]);
  await link.db.collection('users').createIndex({ name: 1 });
}, MONGO_PATIENCE);

afterAll(async () => {
  await link[Symbol.asyncDispose]();
  await mongo.close();
});

beforeEach(async () => {
  for (const { name } of await link.lane.listCollections().toArray()) await link.lane.collection(name).deleteMany({});
  run = new MongoTestRun(target);
  await run.claim();
});

function input(): FactsInput {
  return { run: run.ref, phase: 'expand', tables: ['users', 'orders'] };
}

test('the same facts twice are the same, and a validator, an index or a collection is a difference in the catalog', async () => {
  const { material, shown } = await facts(resources, input());
  expect(material).toMatchObject({
    fingerprint: await fingerprint(link),
    server: expect.stringContaining(mongo.server.version) as string,
    user: expect.stringMatching(new RegExp(`^cutover@${mongo.database}: .*clusterMonitor@admin`)) as string,
    people: 'sha256:people',
  });
  expect(shown['collections']).toMatch(/^users ~3 documents/);
  const catalogs = [material['catalog']];
  const again = async (): Promise<string | undefined> => (await facts(resources, input())).material['catalog'];
  expect(await again()).toBe(catalogs[0]);
  await link.db.collection('users').insertOne({ name: 'd' });
  expect(await again()).toBe(catalogs[0]);
  await link.db.command({ collMod: 'users', validator: { name: { $exists: true } }, validationLevel: 'moderate' });
  catalogs.push(await again());
  await link.db.collection('users').createIndex({ tenantId: 1 });
  catalogs.push(await again());
  await link.db.createCollection('orders');
  catalogs.push(await again());
  expect(new Set(catalogs).size).toBe(4);
});

test('a freeze’s facts name the fence, its budget and what it switches', async () => {
  const { material } = await facts(resources, {
    ...input(),
    freeze: {
      ...{ id: 'cutover/freeze', phase: 'cutover', kind: 'freeze', target: 'app', title: 'freeze' },
      args: {
        mode: 'refuse',
        tables: [
          { table: 'users', column: 'tenantId', rule: { kind: 'constant', tenant: { step: 'r', name: 'tenant' } } },
        ],
        fence: { mechanism: 'role' },
        quiet: [],
        switch: [{ act: 'config', step: 'configure/env' }],
        prove: [],
        budgetMs: 2_000,
        quietMs: 100,
      },
    },
  });
  expect(material['fence']).toMatch(/^role, expires: watchdog.*over users; hold 2000 ms$/);
  expect(material['switch']).toContain('configure/env');
});

test('facts of a run whose ledger is gone park it', async () => {
  await link.lane.dropDatabase();
  await expect(facts(resources, input())).rejects.toMatchObject({ type: 'LedgerDiverged' });
});

test('notes that no verb carries any more are appended once, and are found by the plan’s name', async () => {
  const note = { id: 'n-1', event: 'finished', at: '2026-11-21T12:00:00.000Z', body: { how: 'done' } } as const;
  const { head } = run;
  await record(resources, { run: run.ref, expect: head, notes: [note] });
  await record(resources, { run: run.ref, expect: head, notes: [note] });
  const page = await readLedger(resources, { home: 'app', run: 'runbook-0', afterSeq: 0, limit: 2 });
  expect(page).toMatchObject({ run: run.ref.id, more: true });
  const rest = await readLedger(resources, { home: 'app', run: run.ref.id, afterSeq: 2, limit: 10 });
  expect(rest.rows.map((r) => [r.event, r.noteId])).toEqual([['finished', 'n-1']]);
  expect(firstBrokenRow([...page.rows, ...rest.rows])).toBeUndefined();
  await expect(readLedger(resources, { home: 'app', run: 'other', afterSeq: 0, limit: 2 })).rejects.toMatchObject({
    type: 'Refused',
  });
});

test('a dead run’s claim is released by somebody of the people file only, and another run may have the target', async () => {
  const ask = { home: 'app', run: 'runbook-0', comment: 'its worker burnt down' };
  await expect(releaseClaim(resources, { ...ask, by: ['nobody'] })).rejects.toMatchObject({ type: 'NotAllowed' });
  await expect(releaseClaim(resources, { ...ask, run: 'x', by: ['lead-1'] })).rejects.toMatchObject({
    type: 'Refused',
  });
  await using open = await run.open({
    ...{ id: 'expand/act', kind: 'release', args: { reason: 'test' } },
    handler: { do: (c) => c.commit(async () => done('late')), undo: (c) => c.commit(async () => done('late')) },
  });
  expect((await releaseClaim(resources, { ...ask, by: ['lead-1'] })).run).toBe(run.ref.id);
  await expect(open.perform()).rejects.toMatchObject({ type: 'StaleToken' });
  const page = await readLedger(resources, { home: 'app', run: run.ref.id, afterSeq: 0, limit: 10 });
  expect(page.rows.at(-1)).toMatchObject({ event: 'operator', body: { word: 'release', by: 'lead-1' } });
  expect(firstBrokenRow(page.rows)).toBeUndefined();
  const next = new MongoTestRun(target, { ...run.ref, id: 'runbook-0.fedcba98' });
  await expect(next.claim()).resolves.toMatchObject({ verdict: 'pass' });
  const last = page.rows.at(-1);
  run.head = { seq: last?.seq ?? 0, hash: last?.hash ?? '' };
  await expect(run.claim()).rejects.toMatchObject({ type: 'TargetClaimed' });
});

test('what the server can do is tried, and leaves nothing behind', async () => {
  const before = (await link.lane.listCollections({}, { nameOnly: true }).toArray()).length;
  const can = await askCapabilities(link, link.lane);
  expect(can).toMatchObject({ transactions: true, changeStreams: true, collMod: true, profile: true, journal: true });
  expect(can.replicaSet).toBeDefined();
  expect(can.user).toBe(`cutover@${mongo.database}`);
  expect(typeof can.snapshotReads).toBe('boolean');
  // Undefined where the server does not say; never a negative window.
  expect(can.oplogWindowMs ?? 0).toBeGreaterThanOrEqual(0);
  expect(`${can.product} ${can.version}`).toContain(mongo.server.name.split(' ')[0]);
  if (can.product.startsWith('SecantusDB'))
    expect(can).toMatchObject({ snapshotReads: false, setUserWriteBlockMode: false, oplogWindowMs: undefined });
  expect(await link.lane.listCollections({}, { nameOnly: true }).toArray()).toHaveLength(before);
  expect(await link.db.listCollections({ name: /asks/ }).toArray()).toEqual([]);
});

test('doctor names the product, the user, its roles and the application’s user', async () => {
  const report = await askMongo(resources, target, new AbortController().signal);
  expect(report).toMatchObject({ reachable: true, problems: [] });
  expect(report.facts['version']).toContain(mongo.server.version);
  expect(report.facts['roles']).toContain('clusterMonitor@admin');
  expect(report.facts['probeAs']).toBe(`app@${mongo.database}`);
});

test('a dry run counts the documents without a valid key', async () => {
  const plan = {
    tables: ['users'],
    steps: [
      {
        ...{ id: 'backfill/users', phase: 'backfill', kind: 'stamp', target: 'app', title: 'stamp' },
        args: { table: 'users', column: 'tenantId', rule: { kind: 'constant', tenant: { step: 'r', name: 't' } } },
      },
    ],
  } as Partial<CompiledPlan> as CompiledPlan;
  const total = await link.db.collection('users').countDocuments();
  const told = await expectations(link.db, plan, new AbortController().signal);
  expect(told['backfill/users']).toMatch(
    new RegExp(`^${total - 1} of ~${total} documents of users .* lack a valid tenantId$`),
  );
});

const DRY_RUN = {
  ...{ version: 1, name: 'runbook-0', environment: 'staging', engine: 'mongodb', home: 'app', tables: ['users'] },
  steps: [
    {
      ...{ id: 'preflight/app', phase: 'preflight', kind: 'preflight', target: 'app', title: 'looks' },
      args: {
        ...{
          tables: ['users'],
          column: 'tenantId',
          type: 'string',
          creates: [],
          scratch: 'scratch',
          store: 'backups',
        },
        ...{ maxTransactionAgeMs: 60_000, watch: [] },
      },
    },
  ],
  ...{ gates: {}, onFailure: {}, remarks: [] },
} as CompiledPlan;

test('a dry run asks every question of the preflight, says who has the target, and writes nothing', async () => {
  const admin = link.client.db('admin');
  const counts = async () => [
    await link.db.command({ dbHash: 1 }).then((answer) => answer['md5'] as string),
    await link.lane.command({ dbHash: 1 }).then((answer) => answer['md5'] as string),
    (await admin.command({ usersInfo: 1 }).catch(() => ({ users: [] })))['users'],
  ];
  const before = await counts();
  const told = (await new MockActivityEnvironment().run(() =>
    previewLive(resources, { plan: DRY_RUN }),
  )) as LivePreview;
  expect(told.evidence.checks.find((c) => c.name === 'claim')).toMatchObject({
    verdict: 'fail',
    observed: expect.stringContaining(`claimed by run ${run.ref.id}`) as string,
  });
  expect(told.evidence.checks.length).toBeGreaterThan(5);
  expect(await counts()).toEqual(before);
});

test('a server that does not answer is Unavailable, a wrong password is Refused, and the password is not printed', async () => {
  const wrong = new URL(mongo.urls.tool);
  wrong.password = 'canary-password';
  await expect(openMongo({ url: wrong.toString(), appName: 'test' })).rejects.toMatchObject({
    type: 'Refused',
    message: expect.not.stringContaining('canary-password') as string,
  });
  const away = new URL(mongo.urls.tool);
  away.port = '1';
  await expect(openMongo({ url: away.toString(), appName: 'test' })).rejects.toMatchObject({ type: 'Unavailable' });
  const other = new URL(mongo.urls.tool);
  other.searchParams.set('replicaSet', 'another');
  await expect(openMongo({ url: other.toString(), appName: 'test' })).rejects.toMatchObject({
    type: 'Unavailable',
    message: expect.stringContaining('is of the replica set "another"') as string,
  });
}, 30_000);

test('a user without the rights is told where they stand, and the command is not quoted', async () => {
  const asApp = { ...resources, target: () => ({ ...target, url: () => mongo.urls.app }) } as Resources;
  const asked = new MockActivityEnvironment().run(() => mongoEngine(asApp).previewLive({ plan: DRY_RUN }));
  const refusal = await asked.then(
    () => 'nothing',
    (error: unknown) => error,
  );
  expect(refusal).toMatchObject({ type: 'Refused', message: expect.stringMatching(/docs\/mongodb.md/) as string });
  expect((refusal as Error).message).not.toContain('lsid');
});
