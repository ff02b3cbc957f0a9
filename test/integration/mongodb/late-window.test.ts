import { setTimeout as pause } from 'node:timers/promises';
import { MongoClient, type Db } from 'mongodb';
import { ledgerIn } from '../../../activities/mongodb/lane/ledger';
import { stampStep } from '../../../activities/mongodb/steps/stamp';
import type { MongoTarget } from '../../../activities/resources';
import { freshMongo, MONGO_PATIENCE, type FreshMongo } from '../../support/mongo';
import { onceMongo } from '../../support/mongo-moments';
import { startMongoProxy, type MongoProxy } from '../../support/mongo-proxy';
import { MongoTestRun, type MongoStepToRun } from '../../support/mongo-run';

let mongo: FreshMongo;
let proxy: MongoProxy;
let client: MongoClient;
let db: Db;
let lane: Db;

beforeEach(async () => {
  mongo = await freshMongo();
  proxy = await startMongoProxy(mongo.urls.tool);
  client = await new MongoClient(mongo.urls.root).connect();
  db = client.db(mongo.database);
  lane = client.db(`cutover_${mongo.database}`);
  const many = Array.from({ length: 6_000 }, (_, n) => ({ n }));
  await db.collection('leads').insertMany(many);
}, MONGO_PATIENCE);

afterEach(async () => {
  await client?.close();
  await proxy?.close();
  await mongo?.close();
});

const TENANT = { step: 'expand/registry', name: 'tenant' } as const;
const STAMP: MongoStepToRun<'stamp'> = {
  id: 'backfill/stamp-leads',
  kind: 'stamp',
  args: { table: 'leads', column: 'tenantId', rule: { kind: 'constant', tenant: TENANT } },
  handler: stampStep,
};

const target = (url: string): MongoTarget => ({ kind: 'mongodb', name: 'app', url: () => url });

/** A run on the same target whose worker is elsewhere. */
function runOn(url: string): MongoTestRun {
  return new MongoTestRun(target(url));
}

async function prepared(): Promise<MongoTestRun> {
  const run = runOn(mongo.urls.tool);
  await run.claim();
  await run.do({
    id: 'expand/registry',
    kind: 'manual',
    args: { what: 'a tenant', role: 'dba' },
    handler: {
      do: async (c) => {
        await c.capture('tenant', async () => 'default');
        return { verdict: 'pass', summary: 'captured', checks: [] };
      },
      undo: async () => ({ verdict: 'pass', summary: 'nothing', checks: [] }),
    },
  });
  return run;
}

/** An attempt that hears nothing of its first write of this kind, as a process that is stopped; it wakes by `proxy.release`. */
async function stopped(
  run: MongoTestRun,
  kind: 'window' | 'sweep' = 'window',
): Promise<{ readonly woken: Promise<string>; readonly token: string }> {
  const first = await runOn(proxy.through(mongo.urls.tool)).open(STAMP, { round: 1, expect: run.head });
  proxy.setRule(
    onceMongo(
      'hold-reply',
      ({ command, collection, has }) =>
        command === 'update' && collection === 'leads' && has('default') && (kind === 'window' || has('$in\0')),
    ),
  );
  const woken = first.perform().then(
    () => 'it ended as if nothing had been',
    (error: unknown) => String((error as { readonly message?: unknown }).message),
  );
  await proxy.struck();
  return { woken: woken.finally(() => void first[Symbol.asyncDispose]()), token: first.token.value };
}

/** Longer than a token counts as held without being asked for. */
const OVER_LEASE_MS = 2_500;

const keyed = (): Promise<number> => db.collection('leads').countDocuments({ tenantId: { $exists: true } });

test('a worker that sleeps while another does its step and undoes it stamps no window more when it wakes', async () => {
  const run = await prepared();
  const { woken, token } = await stopped(run);

  const second = await run.open(STAMP, { round: 1 });
  run.head = (await second.perform()).head;
  await second[Symbol.asyncDispose]();
  expect(await keyed()).toBe(6_000);
  await run.undo(STAMP);
  expect(await keyed()).toBe(0);

  await pause(OVER_LEASE_MS);
  proxy.release();
  expect(await woken).toMatch(/overtaken by a newer one/);
  expect(await keyed()).toBe(0);
  const rows = await ledgerIn(lane).rowsAfter(run.ref.id, 0);
  expect(
    rows.filter(({ event, body }) => event !== 'start' && JSON.stringify(body).includes(`"token":"${token}"`)),
  ).toEqual([]);
});

test('a worker that sleeps in a sweep while another does its step and undoes it sweeps no batch more when it wakes', async () => {
  await db.collection('leads').updateMany({ n: { $lt: 1_500 } }, { $set: { tenantId: '' } });
  await db.collection('leads').deleteMany({ n: { $gte: 1_500 } });
  const run = await prepared();
  const { woken } = await stopped(run, 'sweep');

  const second = await run.open(STAMP, { round: 1 });
  run.head = (await second.perform()).head;
  await second[Symbol.asyncDispose]();
  await run.undo(STAMP);
  expect(await db.collection('leads').countDocuments({ tenantId: '' })).toBe(1_500);

  proxy.release();
  expect(await woken).toMatch(/overtaken by a newer one/);
  expect(await db.collection('leads').countDocuments({ tenantId: '' })).toBe(1_500);
});

test('a worker that was overtaken a moment ago and writes one window more changes no key, no progress and no row', async () => {
  const run = await prepared();
  const { woken } = await stopped(run);

  const second = await run.open(STAMP, { round: 1 });
  run.head = (await second.perform()).head;
  await second[Symbol.asyncDispose]();
  // What another tenant's application has written since, and what nobody has stamped yet.
  await db.collection('leads').updateMany({ n: { $gte: 3_000 } }, { $set: { tenantId: 'somebody else' } });
  const before = await lane.collection('progress').find().toArray();
  const rows = await ledgerIn(lane).rowsAfter(run.ref.id, 0);

  proxy.release();
  expect(await woken).toMatch(/overtaken by a newer one/);
  expect(await db.collection('leads').countDocuments({ n: { $gte: 3_000 }, tenantId: 'somebody else' })).toBe(3_000);
  expect(await db.collection('leads').countDocuments({ n: { $lt: 3_000 }, tenantId: 'default' })).toBe(3_000);
  expect(await lane.collection('progress').find().toArray()).toEqual(before);
  expect(await ledgerIn(lane).rowsAfter(run.ref.id, 0)).toEqual(rows);
});
