import { randomBytes } from 'node:crypto';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { MongoClient } from 'mongodb';
import { ledgerDatabase, mongoRights } from '../../src/dev/mongo-roles';
import { createMongoUsers, type MongoUrls } from '../../src/dev/mongo-users';

export interface MongoTestServer {
  readonly rootUri: string;
  /** Of MongoDB, or the MongoDB that it is compatible with. */
  readonly version: string;
  /** "MongoDB 8.0.4" or "SecantusDB 0.5.3-beta.196". */
  readonly name: string;
}

/** A database of one test file's own, with its ledger's, its scratch and its users. */
export interface FreshMongo {
  readonly database: string;
  readonly scratch: string;
  readonly urls: MongoUrls;
  readonly server: MongoTestServer;
  /** Drops all of it. */
  close(): Promise<void>;
}

/** One for each test file: the module is loaded anew for each. */
const file = randomBytes(5).toString('hex');

/** The one server of this test file; the first call starts it. The first ever may build it: give `beforeAll` `MONGO_PATIENCE`. */
export async function mongoTestServer(): Promise<MongoTestServer> {
  const address = process.env['CUTOVER_TEST_MONGO'];
  if (!address)
    throw new Error(
      'CUTOVER_TEST_MONGO is not set: run this test by `npx jest --selectProjects integration`, whose global setup starts the servers.',
    );
  // Not fetch: it gives up when no header has come for five minutes.
  const answer = await new Promise<{ readonly status: number; readonly body: string }>((resolve, reject) => {
    get(`${address}?${process.env['JEST_WORKER_ID'] ?? '1'}&${file}`, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    }).on('error', reject);
  });
  if (answer.status !== 200) throw new Error(answer.body);
  return JSON.parse(answer.body) as MongoTestServer;
}

/** `beforeAll(async () => { mongo = await freshMongo(); }, MONGO_PATIENCE)` */
export const MONGO_PATIENCE = 1_800_000;

export async function freshMongo(): Promise<FreshMongo> {
  // The driver imports node:os dynamically, which jest refuses without this; the server then misses it with odd words.
  if (!process.env['NODE_OPTIONS']?.includes('--experimental-vm-modules'))
    throw new Error('Run tests with MongoDB with NODE_OPTIONS=--experimental-vm-modules, as `npm test` does.');
  const server = await mongoTestServer();
  const database = `t_${randomBytes(5).toString('hex')}`;
  const scratch = `${database}_scratch`;
  const urls = await createMongoUsers(server.rootUri, { database, scratch });
  return { database, scratch, urls, server, close: () => drop(urls.root, { database, scratch }) };
}

async function drop(rootUri: string, names: { readonly database: string; readonly scratch: string }): Promise<void> {
  const client = new MongoClient(rootUri);
  try {
    await client.connect();
    const { database, scratch } = names;
    for (const name of [database, ledgerDatabase(database), scratch]) await client.db(name).dropDatabase();
    await client.db(database).command({ dropAllUsersFromDatabase: 1 });
    const own = mongoRights(names).roles.filter(({ db }) => db === database);
    for (const { name } of own) await client.db(database).command({ dropRole: name });
  } finally {
    await client.close();
  }
}
