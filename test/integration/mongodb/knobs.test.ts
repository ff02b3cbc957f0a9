import { MongoClient, type Db } from 'mongodb';
import pino from 'pino';
import { getKnobs, setKnobs } from '../../../activities/mongodb/knobs';
import { missingKey } from '../../../activities/mongodb/missing';
import { stampStep } from '../../../activities/mongodb/steps/stamp';
import type { MongoTarget, Resources } from '../../../activities/resources';
import { freshMongo, MONGO_PATIENCE, type FreshMongo } from '../../support/mongo';
import { MongoStepRun, type MongoStepToRun } from '../../support/mongo-step-run';

const KEY = 'tenant_id';
const ALL = 6_000;

let mongo: FreshMongo;
let client: MongoClient;
let db: Db;
let resources: Resources;

beforeAll(async () => {
  mongo = await freshMongo();
  client = await new MongoClient(mongo.urls.root).connect();
  db = client.db(mongo.database);
  const target: MongoTarget = { kind: 'mongodb', name: 'app', url: () => mongo.urls.tool };
  resources = {
    log: pino({ level: 'silent' }),
    target: () => target,
    people: async () => ({ roles: { 'dba-1': ['dba'] }, digest: 'sha256:people', mode: 'claimed' }),
  } as Partial<Resources> as Resources;
}, MONGO_PATIENCE);

afterAll(async () => {
  await client?.close();
  await mongo?.close();
});

const stamp: MongoStepToRun<'stamp'> = {
  id: 'backfill/t',
  kind: 'stamp',
  args: { table: 't', column: KEY, rule: { kind: 'constant', tenant: { step: 'preflight/claim', name: 'tenant' } } },
  handler: stampStep,
};

test('what is set while a backfill runs slows it down, is shown with it, and what is set back lets it go', async () => {
  await db.collection('t').insertMany(Array.from({ length: ALL }, (_, n) => ({ n })));
  const run = new MongoStepRun(mongo);
  await run.claim({ tenant: 'main' });
  const which = { home: 'app', run: run.ref.id };
  expect(await getKnobs(resources, which)).toEqual({ run: run.ref.id, knobs: {} });
  // By the plan's name as well: it is what people type.
  await setKnobs(resources, { home: 'app', run: '000', by: 'dba-1', set: { maxPerSecond: 500, window: 10 }, auto: [] });
  const said = await getKnobs(resources, which);
  expect(said).toMatchObject({ knobs: { maxPerSecond: 500, window: 10 }, by: 'dba-1' });
  expect(said.at).toMatch(/^\d{4}-.*Z$/);

  let seen: number | undefined;
  const heard = (doing: string): void => {
    if (seen !== undefined || !doing.includes('(set: window=10, maxPerSecond=500)')) return;
    seen = -1;
    void (async () => {
      seen = await db.collection('t').countDocuments(missingKey(KEY));
      await setKnobs(resources, { ...which, by: 'dba-1', set: { window: 2_000 }, auto: ['maxPerSecond'] });
    })();
  };
  expect(await run.do(stamp, { heard })).toMatchObject({ verdict: 'pass', figures: { stamped: ALL } });
  expect(seen).toBeGreaterThan(0);
  expect(run.said.some((doing) => doing.includes('(set: window=2000)'))).toBe(true);
  expect(await getKnobs(resources, which)).toMatchObject({ knobs: { window: 2_000 } });
}, 60_000);

test('somebody unknown, a value out of bounds and a run that does not hold the target are refused by name', async () => {
  const run = new MongoStepRun(mongo);
  const ask = { home: 'app', run: run.ref.id, by: 'dba-1', set: { pauseMs: 5 }, auto: [] };
  await expect(setKnobs(resources, { ...ask, by: 'eve' })).rejects.toMatchObject({
    type: 'NotAllowed',
    message: expect.stringContaining('eve') as string,
  });
  await expect(setKnobs(resources, { ...ask, set: { window: 5_000 } })).rejects.toThrow(/at most 2000 documents/);
  await expect(setKnobs(resources, { ...ask, set: { pauseMs: -1 } })).rejects.toThrow(/pauseMs: found -1/);
  await expect(setKnobs(resources, { ...ask, run: 'other.00000000' })).rejects.toThrow(
    `Target "app" is claimed by run ${run.ref.id}, not by "other.00000000".`,
  );
  await client
    .db(`cutover_${mongo.database}`)
    .collection('claim')
    .updateMany({}, { $set: { run: null } });
  await expect(setKnobs(resources, ask)).rejects.toThrow('Target "app" is claimed by no run');
  await expect(getKnobs(resources, ask)).rejects.toMatchObject({ type: 'Refused' });
});
