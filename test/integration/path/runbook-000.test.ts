import { readFile, stat } from 'node:fs/promises';
import type { RunState } from '../../../src/core/state';
import { MONGO_PATIENCE, mongoTestServer } from '../../support/mongo';
import {
  bytesOf,
  proveMongoShape,
  proveMongoWrites,
  proveQuiet,
  proveUntouched,
  proveWorld,
  proveWritesGoOn,
  worldOf,
  type Bytes,
  type MongoWorld,
} from '../../support/mongo-proofs';
import { MongoScenario } from '../../support/mongo-scenario';
import { sideBySide } from '../../support/side-by-side';

jest.setTimeout(600_000);

const PATIENCE_MS = 400_000;

/** Two applications side by side: one goes to the end with nobody at its webhook, the other back after its cutover. */
let forward: MongoScenario;
let end: RunState;
let first: MongoWorld;
let back: MongoScenario;
let before: MongoWorld;
let bytes: Bytes;

beforeAll(async () => {
  const { rootUri } = await mongoTestServer();
  // A port that nobody listens on: every message to it fails at once.
  const nobody = { OPS_WEBHOOK: 'http://127.0.0.1:9/cutover' };
  forward = await MongoScenario.open({ name: 'path-forward', rootUri, workerEnv: nobody });
  back = await MongoScenario.open({ name: 'path-back', rootUri });
  await sideBySide([goForward(), goBack()]);
}, MONGO_PATIENCE);

afterAll(async () => {
  await forward?.[Symbol.asyncDispose]();
  await back?.[Symbol.asyncDispose]();
});

test('a live application on MongoDB goes to the end with every step passed, also when nobody hears the webhooks', async () => {
  expect(end.steps.filter((step) => step.status !== 'done' || step.verdict !== 'pass')).toEqual([]);
  expect(forward.stage.webhooks.told).toEqual([]);
  await proveQuiet(forward);
  await proveWritesGoOn(forward);
});

test('validators are strict, the old unique indexes are gone, the profile is as before, the app user has its roles', async () => {
  await proveMongoShape(forward);
  const after = await worldOf(forward);
  expect({ profile: after.profile, appRoles: after.appRoles, roles: after.roles }).toEqual({
    profile: first.profile,
    appRoles: first.appRoles,
    roles: first.roles,
  });
});

test('the environment file is live, keeps its mode and its comments, and holds no first admin any more', async () => {
  const { envFile } = forward.stage.app;
  const text = await readFile(envFile, 'utf8');
  expect(first.env).toMatch(/^INITIAL_ADMIN_EMAIL=/m);
  expect(text).not.toContain('INITIAL_ADMIN_');
  expect(text).toMatch(/^DEFAULT_TENANT_ID=tenant-default$/m);
  expect(text.split('\n').slice(0, 2)).toEqual(first.env.split('\n').slice(0, 2));
  expect((await stat(envFile)).mode & 0o777).toBe(0o600);
  expect((await worldOf(forward)).build).toBe('2026-11-tenants');
});

test('every write that the application promised during the run is found, each with its tenant', async () => {
  const writes = await proveMongoWrites(forward, 'tenant-default');
  expect(writes.ok).toBeGreaterThan(100);
});

test('after a rollback everything is as before: indexes, options, roles, profile, environment file, build', async () => {
  await proveQuiet(back);
  await proveWorld(back, before);
  const health = (await (await fetch(`${back.stage.control.url}/health`)).json()) as object;
  expect(health).toMatchObject({ build: '2026-10-single' });
  await proveWritesGoOn(back);
});

test('after a rollback no write is lost, what the old build cannot hold is in the archive, and all else is byte for byte as before', async () => {
  const writes = await proveMongoWrites(back, undefined);
  expect(writes.inArchive).toBeGreaterThan(0);
  await proveUntouched(back, bytes);
});

test('every message of a run is signed, and the way back is told', () => {
  const { told, forged } = back.stage.webhooks;
  expect(forged()).toBe(0);
  const events = told.map(({ event }) => event);
  expect(events).toEqual(expect.arrayContaining(['gate', 'frozen', 'opened', 'done']));
  expect(JSON.stringify(told.at(-1))).toMatch(/rolled.back/);
});

test('after a rollback the next start is refused until somebody says the root cause', async () => {
  await back.closed();
  await back.start([]);
  const refused = await back.until('a refusal', ({ hold }) => hold !== undefined);
  const claim = refused.steps.find(({ id }) => id === 'preflight/claim');
  expect(claim?.summary).toMatch(/root cause.*was rolled back: start with --root-cause/s);
  await back.rollback();
  await back.ended('rolled-back');
  await back.closed();
  await back.start([], { rootCause: 'A drill of the way back; nothing was wrong.' });
  const going = await back.gate('expand');
  expect(going.steps.find(({ id }) => id === 'preflight/claim')).toMatchObject({ status: 'done', verdict: 'pass' });
});

async function goForward(): Promise<void> {
  first = await worldOf(forward);
  await forward.startWorker();
  await forward.start();
  end = await forward.ended('done', PATIENCE_MS);
}

async function goBack(): Promise<void> {
  before = await worldOf(back);
  bytes = await bytesOf(back);
  await back.startWorker();
  await back.start(['expand', 'cutover']);
  await back.until(
    'the gate before contract',
    (s) => s.gates.some((g) => g.phase === 'contract' && g.status === 'open'),
    PATIENCE_MS,
  );
  const ofSecond = { tenant_id: { $nin: ['tenant-default', null] } };
  await back.seen(
    'units of a second tenant',
    async () => (await back.db.collection('units').findOne(ofSecond)) !== null,
  );
  await back.rollback();
  await back.ended('rolled-back', PATIENCE_MS);
}
