import { MongoClient, type Collection, type Db } from 'mongodb';
import { leftBehind, type LeftBehind } from '../../../activities/mongodb/left-behind';
import { ensureMemberships, joinLateUsers } from '../../../activities/mongodb/members';
import type { SweepInput } from '../../../activities/mongodb/rules/sweep';
import type { Membership } from '../../../src/core/tenancy-args';
import { freshMongo, MONGO_PATIENCE, type FreshMongo } from '../../support/mongo';
import { listening, type MongoSaid } from '../../support/mongo-moments';
import { startMongoProxy, type MongoProxy } from '../../support/mongo-proxy';

let mongo: FreshMongo;
let proxy: MongoProxy;
let tool: MongoClient;
let other: MongoClient;
let db: Db;
/** As the application. */
let leads: Collection;

beforeAll(async () => {
  mongo = await freshMongo();
  proxy = await startMongoProxy(mongo.urls.tool);
  tool = await new MongoClient(proxy.through(mongo.urls.tool)).connect();
  other = await new MongoClient(mongo.urls.app).connect();
  db = tool.db(mongo.database);
  leads = other.db(mongo.database).collection('leads');
}, MONGO_PATIENCE);

afterAll(async () => {
  await tool?.close();
  await other?.close();
  await proxy?.close();
  await mongo?.close();
});

beforeEach(async () => {
  for (const name of ['leads', 'users', 'members']) await db.collection(name).deleteMany({});
});

const TENANT = { step: 'expand/registry', name: 'tenant' } as const;

function sweepInput(): SweepInput {
  return {
    db,
    tables: [{ table: 'leads', column: 'tenantId', rule: { kind: 'constant', tenant: TENANT } }],
    tenants: () => 'default',
    signal: new AbortController().signal,
    remember: { lane: tool.db(`cutover_${mongo.database}`), run: 'runbook-0.0123abcd' },
  };
}

/** Every message of which `when` holds waits until `meanwhile` is done, again and again. Answers how often. */
async function betweenMessages<T>(
  when: (said: MongoSaid) => boolean,
  meanwhile: () => Promise<unknown>,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly times: number }> {
  const over = { yes: false };
  let times = 0;
  const rule = listening((said) => (when(said) ? 'hold' : 'pass'));
  proxy.setRule(rule);
  const working = work().finally(() => (over.yes = true));
  const ended = working.then(
    () => undefined,
    () => undefined,
  );
  while (!over.yes) {
    await Promise.race([proxy.struck(), ended]);
    if (over.yes) break;
    times += 1;
    await meanwhile();
    proxy.setRule(rule);
    proxy.release();
  }
  proxy.setRule(undefined);
  return { value: await working, times };
}

/** The look after a sweep: which of those that were found are still without a key. */
const looks = ({ command, collection, has }: MongoSaid): boolean =>
  command === 'find' && collection === 'leads' && has('$and\0');

function of(found: ReadonlyMap<string, LeftBehind>): LeftBehind | undefined {
  return found.get('leads');
}

test('a document that comes between a sweep and its look is nobody’s failure: it was not there to be swept', async () => {
  await leads.insertOne({ name: 'early' });
  const { value, times } = await betweenMessages(
    looks,
    () => leads.insertOne({ name: 'late' }),
    () => leftBehind(sweepInput()),
  );
  expect(times).toBe(1);
  expect(of(value)).toEqual({ arrived: 1, left: 0 });
});

test('an application that takes the key off again behind every sweep turns no run back: the rule has reached the document', async () => {
  const { insertedId } = await leads.insertOne({ name: 'hot' });
  const { value, times } = await betweenMessages(
    looks,
    () => leads.replaceOne({ _id: insertedId }, { name: 'hot again' }),
    () => leftBehind(sweepInput()),
  );
  expect(times).toBeGreaterThan(3);
  expect(of(value)).toEqual({ arrived: 1, left: 0 });
});

test('a document that the rule does not reach is left behind, however often it is swept', async () => {
  await leads.insertMany([{ name: 'of nobody', owner: 'nobody' }]);
  const rule = { kind: 'mapping', by: 'owner', in: { table: 'owners', from: 'id', to: 'tenantId' } } as const;
  const tables = [{ table: 'leads', column: 'tenantId', rule }];
  expect(of(await leftBehind({ ...sweepInput(), tables }))).toEqual({ arrived: 1, left: 1 });
});

test('a user who comes between the joining and its look is joined by the next one, and fails nothing', async () => {
  const args: Membership = {
    table: 'members',
    user: 'userId',
    tenant: 'tenantId',
    roleColumn: 'role',
    role: 'member',
    from: { table: 'users', column: 'id', key: 'tenantId' },
  };
  await db.collection('members').createIndex({ userId: 1, tenantId: 1 }, { unique: true });
  const users = other.db(mongo.database).collection('users');
  await users.insertOne({ id: 'u1' });
  const input = { db, args, tenant: 'default', signal: new AbortController().signal };
  let late = 0;
  const { value, times } = await betweenMessages(
    ({ command, collection }) => command === 'find' && collection === 'members',
    () => users.insertOne({ id: `late-${(late += 1)}` }),
    () => joinLateUsers(input),
  );
  expect(times).toBe(2);
  expect(value).toEqual({ arrived: 1, left: 0 });
  expect(await joinLateUsers(input)).toEqual({ arrived: 2, left: 0 });
});

test('whoever was overtaken joins nobody: the membership would outlive the way back', async () => {
  await db.collection('users').insertOne({ id: 'u1' });
  const args = {
    ...{ table: 'members', user: 'userId', tenant: 'tenantId', roleColumn: 'role', role: 'member' },
    from: { table: 'users', column: 'id', key: 'tenantId' },
  };
  const held = (): Promise<void> => Promise.reject(new Error('overtaken'));
  const input = { db, args, tenant: 'default', signal: new AbortController().signal, held };
  await expect(joinLateUsers(input)).rejects.toThrow('overtaken');
  await expect(ensureMemberships(input)).rejects.toThrow('overtaken');
  expect(await db.collection('members').countDocuments()).toBe(0);
});
