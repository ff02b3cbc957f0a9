import { MongoClient, type BSONSerializeOptions, type Db, type MongoClientOptions } from 'mongodb';
import { CutoverError, describeError } from '../../src/core/failure';
import { refuseWrites } from './read-only';
import { ServerClock } from './server-clock';

export interface LinkConfig {
  /** mongodb:// or mongodb+srv:// with the database as its path. Never printed. */
  readonly url: string;
  /** `cutover/<run>/<token>`: what an overtaken attempt left running is found by it. */
  readonly appName: string;
  /** Commands that change something fail on the client's side: the server has no read-only session. */
  readonly readOnly?: boolean;
  /** As the application's own user: nothing is sent a second time, so that the answer is the server's first word. */
  readonly asApp?: boolean;
  /** Closes the client, and with it whatever it waits for. */
  readonly signal?: AbortSignal | undefined;
  /** Counts how long the server is waited for, over several clients; default one of this client's own. */
  readonly waiting?: ServerClock;
}

export interface MongoLink extends AsyncDisposable {
  readonly client: MongoClient;
  /** The application's database: the path of the URL. */
  readonly db: Db;
  /** The tool's own database beside it. */
  readonly lane: Db;
  /** Milliseconds this client has waited for the server so far. */
  serverMs(): number;
}

/**
 * For collections whose documents are read in order to be written somewhere else: `db.collection(name, FAITHFUL)`. The
 * plain client turns 64-bit integers into numbers, which would come back as another BSON type.
 */
export const FAITHFUL: BSONSerializeOptions = {
  promoteValues: true,
  promoteLongs: false,
  promoteBuffers: false,
  bsonRegExp: true,
  ignoreUndefined: false,
};

/** The tool's own database: nobody but the tool's user has rights on it. */
export function laneName(database: string): string {
  return `cutover_${database}`;
}

/** The URL's path; undefined when it names no database or is no MongoDB URL. User and password may hold anything escaped. */
export function databaseOf(url: string): string | undefined {
  const path = /^mongodb(?:\+srv)?:\/\/(?:[^/?@]*@)?[^/?@]+\/([^/?]+)(?:\?.*)?$/.exec(url)?.[1];
  return path === undefined ? undefined : decodeURIComponent(path);
}

/**
 * A client of the tool's own, connected: majority and journal for writes, majority from the primary for reads.
 *
 * @throws Misconfigured when the URL is none of MongoDB or names no database; Unavailable when no primary answers;
 * Refused when it answers that user or password are wrong.
 */
export async function openMongo(config: LinkConfig): Promise<MongoLink> {
  config.signal?.throwIfAborted();
  const database = requireDatabase(config.url);
  const waiting = config.waiting ?? new ServerClock();
  const client = createClient(config);
  // First: what is refused here is never sent, and nobody waits for it.
  if (config.readOnly === true) refuseWrites(client);
  waiting.watch(client);
  const hangUp = (): void => void client.close(true).catch(() => undefined);
  config.signal?.addEventListener('abort', hangUp, { once: true });
  const close = async (): Promise<void> => {
    config.signal?.removeEventListener('abort', hangUp);
    await client.close(true).catch(() => undefined);
  };
  try {
    await waiting.during(() => client.connect());
  } catch (error) {
    await close();
    config.signal?.throwIfAborted();
    throw unreachable(error);
  }
  return {
    client,
    db: client.db(database),
    lane: client.db(laneName(database)),
    serverMs: () => waiting.ms,
    [Symbol.asyncDispose]: close,
  };
}

function requireDatabase(url: string): string {
  const database = databaseOf(url);
  if (database !== undefined) return database;
  throw new CutoverError(
    'Misconfigured',
    /^mongodb(\+srv)?:\/\//.test(url)
      ? 'The connection string of the MongoDB target names no database: add it as the path, as in mongodb://host:27017/shop?replicaSet=rs0.'
      : 'The connection string of the MongoDB target is no mongodb:// or mongodb+srv:// URL; correct it in cutover.config.yaml or in the variable that it points to.',
  );
}

function createClient(config: LinkConfig): MongoClient {
  try {
    return new MongoClient(config.url, clientOptions(config));
  } catch (error) {
    // The driver's own words may quote the string, password and all.
    const name = error instanceof Error ? error.name : 'error';
    throw new CutoverError(
      'Misconfigured',
      `The connection string of the MongoDB target cannot be read (${name}); correct it in cutover.config.yaml or in the variable that it points to.`,
    );
  }
}

/** A line that goes dead is noticed by the monitor within its heartbeat and timeout: then what waits on it fails. Milliseconds. */
function clientOptions({ appName, asApp }: LinkConfig): MongoClientOptions {
  return {
    appName: appName.slice(0, 128),
    monitorCommands: true,
    serverSelectionTimeoutMS: 5_000,
    connectTimeoutMS: 5_000,
    heartbeatFrequencyMS: 5_000,
    maxPoolSize: 8,
    retryWrites: asApp !== true,
    retryReads: asApp !== true,
    readPreference: 'primary',
    readConcern: { level: 'majority' },
    writeConcern: { w: 'majority', journal: true },
    ignoreUndefined: false,
  };
}

function unreachable(error: unknown): CutoverError {
  const { code, name } = error as { readonly code?: number; readonly name?: string };
  if (code === 18 || code === 13 || name === 'MongoAuthenticationError')
    return new CutoverError(
      'Refused',
      `The database refuses the user of the connection string: ${describeError(error)}`,
      {
        cause: error,
      },
    );
  return new CutoverError('Unavailable', `The database does not answer: ${whyNot(error)}`, { cause: error });
}

/** The driver drops servers of another set without a word, and says only that it has waited. */
function whyNot(error: unknown): string {
  const { reason } = error as { readonly reason?: { readonly setName?: unknown; readonly servers?: unknown } };
  const { setName, servers } = reason ?? {};
  if (typeof setName === 'string' && servers instanceof Map && servers.size === 0)
    return `none of the servers at its address is of the replica set "${setName}"; correct \`replicaSet\` in the connection string.`;
  return describeError(error);
}
