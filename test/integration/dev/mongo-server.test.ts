import { readFileSync } from 'node:fs';
import { MongoClient } from 'mongodb';
import { findOrBuildMongo } from '../../../src/dev/mongo-binary';
import { givenMongo } from '../../../src/dev/mongo-given';
import { writersRole } from '../../../src/dev/mongo-roles';
import { startMongo, type MongoServer } from '../../../src/dev/mongo-server';
import { mongoPassword, withMongoDatabase } from '../../../src/dev/mongo-uri';
import { createMongoUsers, type MongoUrls } from '../../../src/dev/mongo-users';
import { silent } from '../../../src/dev/progress';
import { openRunDir, type RunDir } from '../../../src/dev/run-dir';
import { whyUnreachable } from '../../support/mongo-reachable';

const UNAUTHORIZED = { code: 13 };
const names = { database: 'shop', scratch: 'shop_scratch' };

let run: RunDir;
let server: MongoServer;
let urls: MongoUrls;
let app: MongoClient;
let tool: MongoClient;
let root: MongoClient;

beforeAll(async () => {
  run = openRunDir('mongo');
  const binary = await findOrBuildMongo(silent);
  server = await startMongo({ binary, dataDir: run.file('mongo', 'data'), logFile: run.file('logs', 'mongo.log') });
  urls = await createMongoUsers(server.rootUri, names);
  [root, app, tool] = await Promise.all([open(urls.root), open(urls.app), open(urls.tool)]);
  await root
    .db('other')
    .collection('things')
    .insertOne({ _id: 1 as never });
}, 600_000);

afterAll(async () => {
  await Promise.all([app, tool, root].map((client) => client.close()));
  await server.stop();
  await run.close();
});

describe('the server', () => {
  it('is the writable primary of a replica set, on this machine only', async () => {
    const hello = await root.db().command({ hello: 1 });
    expect(hello).toMatchObject({ isWritablePrimary: true, hosts: [`127.0.0.1:${server.port}`] });
    expect(server.rootUri).toContain(`replicaSet=${String(hello.setName)}`);
  });

  it('answers nobody who has not said who they are', async () => {
    const nobody = await open(`mongodb://127.0.0.1:${server.port}/?directConnection=true`);
    await expect(nobody.db('shop').collection('orders').findOne()).rejects.toMatchObject(UNAUTHORIZED);
    const evil = { createUser: 'evil', pwd: 'evil', roles: ['root'] };
    await expect(nobody.db('admin').command(evil)).rejects.toMatchObject(UNAUTHORIZED);
    await nobody.close();
  });

  it('is accepted as MONGODB_URI with root, refused with another user, and the message has no password', async () => {
    await expect(givenMongo(server.rootUri)).resolves.toMatchObject({ name: server.name, version: server.version });
    const refusal = await givenMongo(urls.app).catch((error: unknown) => String(error));
    expect(refusal).toMatch(/not opened by a user with the role root/);
    const wrong = await givenMongo(urls.app.replace('app:', 'app:x')).catch((error: unknown) => String(error));
    expect(wrong).toMatch(/does not answer .*unset MONGODB_URI/);
    for (const text of [refusal, wrong]) expect(text).not.toContain(mongoPassword(urls.app));
  });
});

describe('the users', () => {
  it('the application reads and writes documents, also of a collection that is not there yet, also in a transaction', async () => {
    const orders = app.db().collection<{ _id: number; paid?: boolean }>('orders');
    await orders.insertOne({ _id: 1 });
    await orders.updateOne({ _id: 1 }, { $set: { paid: true } });
    await app.withSession((session) =>
      session.withTransaction(async () => {
        await orders.insertOne({ _id: 2 }, { session });
        await orders.deleteOne({ _id: 2 }, { session });
      }),
    );
    expect(await orders.find().toArray()).toEqual([{ _id: 1, paid: true }]);
  });

  it.each<readonly [string, () => Promise<unknown>]>([
    ['read another database', () => app.db('other').collection('things').findOne()],
    ['write to another database', () => app.db('other').collection('things').insertOne({})],
    ["write to the tool's ledger", () => app.db('cutover_shop').collection('ledger').insertOne({})],
    [
      'write to another database by $merge',
      () =>
        app
          .db()
          .collection('orders')
          .aggregate([{ $merge: { into: { db: 'other', coll: 'x' } } }])
          .toArray(),
    ],
    ['pass by a validator', () => app.db().collection('orders').insertOne({}, { bypassDocumentValidation: true })],
    ['change a validator', () => app.db().command({ collMod: 'orders', validator: {} })],
    ['make an index', () => app.db().collection('orders').createIndex({ paid: 1 })],
    ['drop a collection', () => app.db().collection('orders').drop()],
    ['give itself a role', () => app.db().command({ grantRolesToUser: 'app', roles: ['dbOwner'] })],
  ])('the application may not %s', async (_what, attempt) => {
    await expect(attempt()).rejects.toMatchObject(UNAUTHORIZED);
  });

  it('the tool works on the application, its ledger and scratch, in one transaction where it wants', async () => {
    await tool.db().collection('orders').createIndex({ paid: 1 });
    await tool.db().command({ collMod: 'orders', validator: {}, validationLevel: 'moderate' });
    await tool.withSession((session) =>
      session.withTransaction(async () => {
        await tool
          .db()
          .collection('orders')
          .updateMany({}, { $set: { tenant: 1 } }, { session });
        await tool.db('cutover_shop').collection('ledger').insertOne({}, { session });
      }),
    );
    const scratch = await open(urls.scratch);
    await scratch.db().collection('orders').insertOne({});
    await expect(scratch.db().dropDatabase()).resolves.toBe(true);
    await scratch.close();
    const stream = tool.db().watch([], { maxAwaitTimeMS: 100 });
    await stream.tryNext();
    await stream.close();
    for (const command of [{ serverStatus: 1 }, { currentOp: 1 }, { replSetGetStatus: 1 }])
      await expect(tool.db('admin').command(command)).resolves.toMatchObject({ ok: 1 });
  });

  it.each<readonly [string, () => Promise<unknown>]>([
    ['write to another database', () => tool.db('other').collection('things').insertOne({})],
    ['make a user', () => tool.db().command({ createUser: 'evil', pwd: 'evil', roles: [] })],
    [
      'make itself root',
      () => tool.db().command({ grantRolesToUser: 'cutover', roles: [{ role: 'root', db: 'admin' }] }),
    ],
  ])('the tool may not %s', async (_what, attempt) => {
    await expect(attempt()).rejects.toMatchObject(UNAUTHORIZED);
  });

  it("the tool takes the application's writes away on connections that are open, and gives them back; reads go on", async () => {
    const orders = app.db().collection<{ _id: number }>('orders');
    await tool.db().command({ revokeRolesFromUser: 'app', roles: [writersRole('shop')] });
    await expect(orders.insertOne({ _id: 7 })).rejects.toMatchObject(UNAUTHORIZED);
    await expect(orders.countDocuments({ _id: 1 })).resolves.toBe(1);
    await tool.db().command({ grantRolesToUser: 'app', roles: [writersRole('shop')] });
    await orders.insertOne({ _id: 7 });
    await orders.deleteOne({ _id: 7 });
  });

  it('a transaction of the application that was open cannot commit once the tool has killed its sessions', async () => {
    const orders = app.db().collection<{ _id: number }>('orders');
    const session = app.startSession();
    session.startTransaction();
    await orders.insertOne({ _id: 8 }, { session });
    await tool.db().command({ revokeRolesFromUser: 'app', roles: [writersRole('shop')] });
    await tool.db('admin').command({ killAllSessionsByPattern: [{ users: [{ user: 'app', db: 'shop' }] }] });
    await expect(session.commitTransaction()).rejects.toMatchObject({ codeName: 'NoSuchTransaction' });
    await session.endSession();
    await createMongoUsers(server.rootUri, names);
    await expect(orders.countDocuments({ _id: 8 })).resolves.toBe(0);
  });

  it('a second call changes nothing and hands out the same URLs, also beside another one', async () => {
    const other = { database: 'bank', scratch: 'bank_scratch' };
    const [again, second] = await Promise.all([
      createMongoUsers(server.rootUri, names),
      createMongoUsers(server.rootUri, other),
    ]);
    expect(again).toEqual(urls);
    const client = await open(second.app);
    await client.db().collection('accounts').insertOne({});
    await expect(client.db('shop').collection('orders').findOne()).rejects.toMatchObject(UNAUTHORIZED);
    await client.close();
    await app.db().collection('orders').countDocuments();
  });
});

describe('after kill -9', () => {
  it('comes back on the same port with its users and every acknowledged write', async () => {
    const { pid, port } = server;
    const before = await open(urls.app);
    const acknowledged = await writeUntilCut(before, () => server.kill9());
    await before.close();
    await expect(whyUnreachable(server)).resolves.toMatch(/ ended by itself with signal SIGKILL\./);
    await server.restart();
    await expect(whyUnreachable(server)).resolves.toBeUndefined();
    expect({ port: server.port, samePid: server.pid === pid }).toEqual({ port, samePid: false });
    const after = await open(urls.app);
    const there = new Set((await after.db().collection<{ _id: string }>('log').find().toArray()).map(({ _id }) => _id));
    await after.close();
    expect(acknowledged.length).toBeGreaterThan(20);
    expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
  }, 120_000);

  it('has no password in its log, and leaves no process behind when it is stopped', async () => {
    const { pid } = server;
    await server.stop();
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
    const log = readFileSync(run.file('logs', 'mongo.log'), 'utf8');
    for (const url of [server.rootUri, ...Object.values(urls)]) expect(log).not.toContain(mongoPassword(url));
    await server.restart();
    const again = await open(withMongoDatabase(urls.root, 'other'));
    await expect(again.db().collection('things').countDocuments()).resolves.toBe(1);
    await again.close();
  }, 120_000);
});

/** Eight writers at once; the cut comes in the middle of their writes. Returns what the server had acknowledged. */
async function writeUntilCut(client: MongoClient, cut: () => Promise<void>): Promise<readonly string[]> {
  const log = client.db().collection<{ _id: string }>('log');
  const acknowledged: string[] = [];
  let cutting: Promise<void> | undefined;
  const writer = async (who: number): Promise<void> => {
    for (let n = 0; ; n++) {
      await log.insertOne({ _id: `${who}-${n}` }, { writeConcern: { w: 'majority', journal: true } });
      acknowledged.push(`${who}-${n}`);
      if (acknowledged.length >= 200) cutting ??= cut();
    }
  };
  await Promise.allSettled(Array.from({ length: 8 }, (_, who) => writer(who)));
  await cutting;
  return acknowledged;
}

async function open(uri: string): Promise<MongoClient> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 3000, retryWrites: false });
  await client.connect();
  return client;
}
