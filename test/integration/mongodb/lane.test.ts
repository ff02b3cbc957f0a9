import { captureOnce } from '../../../activities/mongodb/lane/capture';
import { ledgerIn } from '../../../activities/mongodb/lane/ledger';
import type { MongoContext, MongoStepHandler } from '../../../activities/mongodb/context';
import { openMongo, type MongoLink } from '../../../activities/mongodb/session';
import type { MongoTarget } from '../../../activities/resources';
import { done, type Evidence } from '../../../src/core/evidence';
import { firstBrokenRow } from '../../../src/core/ledger-row';
import { freshMongo, MONGO_PATIENCE, type FreshMongo } from '../../support/mongo';
import { startMongoProxy, type MongoProxy } from '../../support/mongo-proxy';
import { MongoTestRun, type MongoStepToRun } from '../../support/mongo-run';

let mongo: FreshMongo;
let proxy: MongoProxy;
let link: MongoLink;
let target: MongoTarget;
/** By way of the proxy. */
let shaky: MongoTarget;

beforeAll(async () => {
  mongo = await freshMongo();
  proxy = await startMongoProxy(mongo.urls.tool);
  const { urls } = mongo;
  target = { kind: 'mongodb', name: 'app', url: () => urls.tool, probeAs: () => urls.app };
  shaky = { kind: 'mongodb', name: 'app', url: () => proxy.through(urls.tool) };
  link = await openMongo({ url: urls.tool, appName: 'test' });
}, MONGO_PATIENCE);

afterAll(async () => {
  await link[Symbol.asyncDispose]();
  await proxy.close();
  await mongo.close();
});

beforeEach(async () => {
  proxy.dropReplyTo(undefined);
  for (const name of ['claim', 'ledger', 'capture']) await link.lane.collection(name).deleteMany({});
  await link.db.collection('marks').deleteMany({});
  await link.db.collection('marks').insertOne({ _id: 'seed' as never });
});

function act(work: (context: MongoContext<'release'>) => Promise<Evidence>): MongoStepToRun<'release'> {
  const handler: MongoStepHandler<'release'> = { do: work, undo: work };
  return { id: 'expand/act', kind: 'release', args: { reason: 'test' }, handler };
}

/** Writes one mark in the verb's last transaction. */
function marking(name: string, meanwhile: () => Promise<unknown> = async () => undefined): MongoStepToRun<'release'> {
  return act((context) =>
    context.commit(async ({ db, session }) => {
      await db.collection('marks').insertOne({ name }, { session });
      await meanwhile();
      return done(`marked ${name}`);
    }),
  );
}

async function marks(): Promise<readonly string[]> {
  const found = await link.db
    .collection('marks')
    .find({ name: { $exists: true } })
    .toArray();
  return found.map((mark) => String(mark['name'])).sort();
}

async function rows(run: MongoTestRun) {
  return ledgerIn(link.lane).rowsAfter(run.ref.id, 0);
}

test('a claim of another run is refused by that run’s name', async () => {
  const run = new MongoTestRun(target);
  await run.claim();
  const other = new MongoTestRun(target, { ...run.ref, id: 'runbook-0.fedcba98' });
  await expect(other.claim()).rejects.toMatchObject({
    type: 'TargetClaimed',
    message: expect.stringContaining('belongs to run runbook-0.0123abcd of plan "runbook-0"') as string,
  });
  await expect(other.do(marking('other'))).rejects.toMatchObject({ type: 'TargetClaimed' });
  expect(await marks()).toEqual([]);
});

test('a target that is another database than the one that was claimed is refused', async () => {
  const run = new MongoTestRun(target);
  await run.claim();
  await link.lane.collection('claim').updateOne({ _id: 'app' as never }, { $set: { fingerprint: 'elsewhere/shop' } });
  await expect(run.do(marking('here'))).rejects.toMatchObject({ type: 'FingerprintChanged' });
});

test('effect and end row stand together, in an unbroken chain', async () => {
  const run = new MongoTestRun(target);
  await run.claim();
  await run.do(marking('one'));
  const written = await rows(run);
  expect(written.map((r) => `${r.step} ${r.event}`)).toEqual([
    'preflight/claim start',
    'preflight/claim end',
    'expand/act start',
    'expand/act end',
  ]);
  expect(firstBrokenRow(written)).toBeUndefined();
  expect(await marks()).toEqual(['one']);
});

test('a verb that fails in its transaction leaves nothing but the row that says so', async () => {
  const run = new MongoTestRun(target);
  await run.claim();
  const failing = marking('lost', () => Promise.reject(new Error('no such luck')));
  await using attempt = await run.open(failing);
  await expect(attempt.perform()).rejects.toThrow('no such luck');
  await attempt.failed('Refused', 'no such luck');
  expect(await marks()).toEqual([]);
  expect((await rows(run)).at(-1)).toMatchObject({ event: 'attempt-failed', body: { type: 'Refused' } });
});

test('an overtaken attempt whose transaction is open commits nothing, and does not hold up its successor', async () => {
  const run = new MongoTestRun(target);
  await run.claim();
  const from = performance.now();
  await using late = await run.open(
    marking('late', async () => {
      if (overtaken) return;
      overtaken = true;
      await using next = await run.open(marking('next'));
      await next.perform();
    }),
  );
  let overtaken = false;
  await expect(late.perform()).rejects.toMatchObject({ type: 'StaleToken' });
  expect(await marks()).toEqual(['next']);
  expect(firstBrokenRow(await rows(run))).toBeUndefined();
  expect(performance.now() - from).toBeLessThan(20_000);
});

test('an overtaken attempt that begins its transaction later commits nothing', async () => {
  const run = new MongoTestRun(target);
  await run.claim();
  await using late = await run.open(
    act(async (context) => {
      await using next = await run.open(marking('next'));
      await next.perform();
      await expect(context.checkToken()).rejects.toMatchObject({ type: 'StaleToken' });
      await expect(context.outside(async () => 1)).rejects.toMatchObject({ type: 'StaleToken' });
      return await context.commit(async () => done('late'));
    }),
  );
  await expect(late.perform()).rejects.toMatchObject({ type: 'StaleToken' });
  expect(await marks()).toEqual(['next']);
});

test('a verb whose end row is written is not done again: its stored result is returned', async () => {
  const run = new MongoTestRun(target);
  await run.claim();
  const { head } = run;
  await using first = await run.open(marking('once'), { round: 7, expect: head });
  const result = await first.perform();
  await using second = await run.open(marking('twice'), { round: 7, expect: head });
  expect(second.stored).toMatchObject({ evidence: { summary: 'marked once' }, head: result.head });
  expect(await marks()).toEqual(['once']);
});

test('a commit whose reply is lost once is sent again and counts once', async () => {
  const run = new MongoTestRun(shaky);
  await run.claim();
  await using attempt = await run.open(marking('kept', async () => proxy.dropReplyTo('commitTransaction')));
  const before = proxy.dropped;
  const told = attempt.perform();
  const timer = setInterval(() => proxy.dropped > before && proxy.dropReplyTo(undefined), 1);
  await expect(told).resolves.toMatchObject({ evidence: { summary: 'marked kept' } });
  clearInterval(timer);
  expect(proxy.dropped).toBeGreaterThan(before);
  expect(await marks()).toEqual(['kept']);
  expect((await rows(run)).filter((r) => r.event === 'end')).toHaveLength(2);
});

test('a commit whose replies are all lost is looked up in the ledger', async () => {
  const run = new MongoTestRun(shaky);
  await run.claim();
  await using attempt = await run.open(
    marking('found', async () => proxy.dropReplyTo('commitTransaction')),
    { patienceMs: 1_500 },
  );
  const before = proxy.dropped;
  const result = await attempt.perform();
  expect(proxy.dropped).toBeGreaterThan(before + 1);
  expect(result.head.hash).toBe((await rows(run)).at(-1)?.hash);
  expect(await marks()).toEqual(['found']);
});

test('two who capture at once have the value of one, and so has everybody later', async () => {
  const key = { run: 'r', step: 's', name: 'n' };
  const taken = await Promise.all(
    ['a', 'b', 'c', 'd'].map((value) => captureOnce(link.lane, key, () => Promise.resolve(value))),
  );
  expect(new Set(taken).size).toBe(1);
  expect(await captureOnce(link.lane, key, () => Promise.resolve('later'))).toBe(taken[0]);
});

test.each([
  ['hash', { hash: 'sha256:forged' }],
  ['body', { body: '{"forged":true}' }],
])('a row whose %s was changed behind the run parks it', async (_what, change) => {
  const run = new MongoTestRun(target);
  await run.claim();
  const { head } = run;
  await using attempt = await run.open(marking('one'), { round: 3, expect: head });
  await attempt.perform();
  await link.lane.collection('ledger').updateOne({ run: run.ref.id, seq: head.seq + 2 }, { $set: change });
  await expect(run.open(marking('two'), { round: 3, expect: head })).rejects.toMatchObject({ type: 'LedgerDiverged' });
});

test('a ledger that is gone parks the run', async () => {
  const run = new MongoTestRun(target);
  await run.claim();
  await link.lane.collection('ledger').deleteMany({ seq: 2 });
  await expect(run.do(marking('one'))).rejects.toMatchObject({
    type: 'LedgerDiverged',
    message: expect.stringContaining('its row 2 is missing') as string,
  });
});

test('a write of the application in the way is waited for, and the transaction done again', async () => {
  const run = new MongoTestRun(target);
  await run.claim();
  const session = link.client.startSession();
  session.startTransaction();
  await link.db.collection('marks').updateOne({ _id: 'seed' as never }, { $set: { by: 'app' } }, { session });
  let tries = 0;
  const step = act((context) =>
    context.commit(async ({ db, session: own }) => {
      tries += 1;
      if (tries === 2) await session.commitTransaction();
      await db.collection('marks').updateOne({ _id: 'seed' as never }, { $set: { tool: true } }, { session: own });
      return done('written');
    }),
  );
  await run.do(step);
  expect(tries).toBeGreaterThan(1);
  expect(await link.db.collection('marks').findOne({ _id: 'seed' as never })).toMatchObject({ by: 'app', tool: true });
  expect(run.said.join()).toContain('expand/act waits');
  await session.endSession();
});

test('a cancelled attempt leaves no transaction behind', async () => {
  const run = new MongoTestRun(target);
  await run.claim();
  const cancel = new AbortController();
  const step = act((context) =>
    context.commit(async ({ db, session }) => {
      await db.collection('marks').updateOne({ _id: 'seed' as never }, { $set: { held: true } }, { session });
      cancel.abort(new Error('cancelled'));
      await new Promise((resolve) => setTimeout(resolve, 500));
      return done('too late');
    }),
  );
  await using attempt = await run.open(step, { signal: cancel.signal });
  await expect(attempt.perform()).rejects.toThrow();
  const from = performance.now();
  await link.db.collection('marks').updateOne({ _id: 'seed' as never }, { $set: { free: true } });
  expect(performance.now() - from).toBeLessThan(5_000);
  expect(await link.db.collection('marks').findOne({ held: true })).toBeNull();
});

test('the application’s user reads as itself, and the tool’s reading client writes nothing', async () => {
  const run = new MongoTestRun(target);
  await run.claim();
  await run.do(
    act(async (context) => {
      const who = async (db: MongoLink['db']): Promise<string> => {
        const { authInfo } = (await db.command({ connectionStatus: 1 })) as {
          readonly authInfo: { readonly authenticatedUsers: readonly { readonly user: string }[] };
        };
        return authInfo.authenticatedUsers[0]?.user ?? 'nobody';
      };
      expect(await context.read(who)).toBe('cutover');
      expect(await context.read(who, 'app')).toBe('app');
      await expect(context.read((db) => db.collection('marks').insertOne({ name: 'no' }))).rejects.toThrow('read-only');
      const copy = [{ $out: 'copy' }];
      await expect(context.read((db) => db.collection('marks').aggregate(copy).toArray())).rejects.toThrow('read-only');
      return done('read');
    }),
  );
  expect(await marks()).toEqual([]);
});
