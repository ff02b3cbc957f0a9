import { setTimeout as pause } from 'node:timers/promises';
import { MongoClient, type Document } from 'mongodb';
import { REPLICA_SET } from './mongo-command-line';

export interface MongoReady {
  readonly port: number;
  readonly password: string;
  /** ms since 1970. */
  readonly deadline: number;
  readonly gone: () => boolean;
}

/** What the server says of itself, once it is ready. */
export interface MongoFacts {
  readonly setName: string;
  /** Of MongoDB, or the MongoDB that it is compatible with. */
  readonly version: string;
  /** SecantusDB's own version; undefined on MongoDB. */
  readonly secantus: string | undefined;
}

const UNAUTHORIZED = 13;
const AUTHENTICATION_FAILED = 18;
const ALREADY_INITIALIZED = 23;

/**
 * Returns when the server is the writable primary of its replica set and knows the user `root`: starts the set and makes
 * the user (by the localhost exception) where they are not there yet. Asks every 50 ms.
 *
 * @throws the last answer when the deadline passes or the server is gone.
 */
export async function mongoReady(wanted: MongoReady): Promise<MongoFacts> {
  const setName = await primary(wanted);
  if (!(await rootIsThere(wanted))) await createRoot(wanted);
  return withClient(wanted, rootLogin(wanted.password), async (client) => {
    const info = await client.db('admin').command({ buildInfo: 1 });
    const { version, secantusVersion } = info as { version: string; secantusVersion?: string };
    return { setName, version, secantus: secantusVersion };
  });
}

async function primary(wanted: MongoReady): Promise<string> {
  for (;;) {
    try {
      const hello = await withClient(wanted, {}, helloOrInitiate(wanted));
      if (hello.isWritablePrimary === true && typeof hello.setName === 'string') return hello.setName;
      if (Date.now() > wanted.deadline) throw new Error('It did not become the primary of its replica set in time.');
    } catch (error) {
      if (wanted.gone() || Date.now() > wanted.deadline) throw error;
    }
    await pause(50);
  }
}

/** A mongod with --replSet that was never started says so, and waits to be told its members. */
function helloOrInitiate({ port }: MongoReady): (client: MongoClient) => Promise<Document> {
  return async (client) => {
    const admin = client.db('admin');
    const hello = await admin.command({ hello: 1 });
    if (hello.isreplicaset !== true || hello.setName !== undefined) return hello;
    const members = [{ _id: 0, host: `127.0.0.1:${port}` }];
    await ignoring([ALREADY_INITIALIZED, UNAUTHORIZED], () =>
      admin.command({ replSetInitiate: { _id: REPLICA_SET, members } }),
    );
    return hello;
  };
}

async function rootIsThere(wanted: MongoReady): Promise<boolean> {
  try {
    await withClient(wanted, rootLogin(wanted.password), (client) => client.db('admin').command({ ping: 1 }));
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === AUTHENTICATION_FAILED) return false;
    throw error;
  }
}

async function createRoot(wanted: MongoReady): Promise<void> {
  await withClient(wanted, {}, (client) =>
    client.db('admin').command({
      createUser: 'root',
      pwd: wanted.password,
      roles: [{ role: 'root', db: 'admin' }],
      writeConcern: { w: 'majority' },
    }),
  );
}

interface Login {
  readonly auth?: { readonly username: string; readonly password: string };
}

function rootLogin(password: string): Login {
  return { auth: { username: 'root', password } };
}

async function withClient<T>(
  { port }: MongoReady,
  login: Login,
  work: (client: MongoClient) => Promise<T>,
): Promise<T> {
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/`, {
    ...login,
    directConnection: true,
    serverSelectionTimeoutMS: 2000,
    maxPoolSize: 1,
    appName: 'cutover-dev',
  });
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.close();
  }
}

async function ignoring(codes: readonly number[], work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!codes.includes(Number((error as { code?: unknown }).code))) throw error;
  }
}
