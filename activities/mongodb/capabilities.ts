import { ObjectId, type Db, type Document } from 'mongodb';
import { readServer } from './backup/server';
import { codeOf } from './duplicate-key';
import type { MongoLink } from './session';

/** What this server does, tried and not read off its version: compatible servers claim versions whose commands they lack. */
export interface Capabilities {
  /** `MongoDB`, or `SecantusDB 0.5.3`: the server's own word. */
  readonly product: string;
  /** Of MongoDB, or the one that it plays. */
  readonly version: string;
  /** The set's name; undefined = a lone server, which has no transactions. */
  readonly replicaSet: string | undefined;
  readonly transactions: boolean;
  readonly changeStreams: boolean;
  /** Whether a session with snapshot reads goes on seeing what it saw; undefined = not tried, since that takes a write. */
  readonly snapshotReads: boolean | undefined;
  /** The server knows the command; whether this user may use it is in `actions`. */
  readonly setUserWriteBlockMode: boolean;
  readonly collMod: boolean;
  readonly profile: boolean;
  readonly dbHash: boolean;
  /** Storage that survives a restart; undefined = this user may not ask. */
  readonly journal: boolean | undefined;
  /** How far back the server remembers changes; undefined = this user may not ask. Milliseconds. */
  readonly oplogWindowMs: number | undefined;
  /** What the oplog takes, and may take before it forgets; undefined = the server does not tell. */
  readonly oplogSize: { readonly usedBytes: number; readonly maxBytes: number } | undefined;
  /** `name@database`; undefined = the server asks nobody who he is. */
  readonly user: string | undefined;
  /** `role@database`, sorted. */
  readonly roles: readonly string[];
  /** What the user may do to the cluster as a whole. */
  readonly clusterActions: ReadonlySet<string>;
}

/**
 * Asks everything at once; nothing of the application's is changed. With `writable`, the tool's own database, snapshot
 * reads are tried on a collection that is dropped again.
 */
export async function askCapabilities(
  { client, db }: Pick<MongoLink, 'client' | 'db'>,
  writable?: Db,
): Promise<Capabilities> {
  const admin = client.db('admin');
  const [server, hello, who] = await Promise.all([readServer(db), admin.command({ hello: 1 }), askUser(admin)]);
  const [
    transactions,
    changeStreams,
    setUserWriteBlockMode,
    collMod,
    profile,
    dbHash,
    journal,
    oplogWindowMs,
    oplogSize,
  ] = await Promise.all([
    works(() => tryTransaction(db)),
    works(() => tryChangeStream(db)),
    // Without its required field: whoever knows the command says so, and nothing is blocked.
    knows(admin, { setUserWriteBlockMode: 1 }),
    answers(db, { collMod: NOWHERE }, [NAMESPACE_NOT_FOUND]),
    answers(db, { profile: -1 }),
    answers(db, { dbHash: 1, collections: [NOWHERE] }),
    askJournal(admin),
    askOplogWindow(client.db('local'), { admin, product: server.product }),
    askOplogSize(client.db('local'), server.product),
  ]);
  return {
    ...server,
    ...who,
    replicaSet: hello['setName'] as string | undefined,
    ...{
      transactions,
      changeStreams,
      setUserWriteBlockMode,
      collMod,
      profile,
      dbHash,
      journal,
      oplogWindowMs,
      oplogSize,
    },
    snapshotReads: writable ? await works(() => trySnapshot(writable)) : undefined,
  };
}

/** `SecantusDB 0.5.3 (plays MongoDB 8.2.11)`, `MongoDB 8.0.4`. */
export function serverText({ product, version }: Pick<Capabilities, 'product' | 'version'>): string {
  return product === 'MongoDB' ? `${product} ${version}` : `${product} (plays MongoDB ${version})`;
}

async function askUser(admin: Db): Promise<Pick<Capabilities, 'user' | 'roles' | 'clusterActions'>> {
  const { authInfo } = (await admin.command({ connectionStatus: 1, showPrivileges: true })) as {
    readonly authInfo: {
      readonly authenticatedUsers?: readonly { readonly user: string; readonly db: string }[];
      readonly authenticatedUserRoles?: readonly { readonly role: string; readonly db: string }[];
      readonly authenticatedUserPrivileges?: readonly {
        readonly resource: { readonly cluster?: boolean; readonly anyResource?: boolean };
        readonly actions: readonly string[];
      }[];
    };
  };
  const [user] = authInfo.authenticatedUsers ?? [];
  const whole = (authInfo.authenticatedUserPrivileges ?? []).filter(
    (p) => p.resource.cluster ?? p.resource.anyResource,
  );
  return {
    user: user && `${user.user}@${user.db}`,
    roles: (authInfo.authenticatedUserRoles ?? []).map(({ role, db }) => `${role}@${db}`).sort(),
    clusterActions: new Set(whole.flatMap((p) => p.actions)),
  };
}

async function tryTransaction(db: Db): Promise<boolean> {
  const session = db.client.startSession();
  try {
    session.startTransaction({ readConcern: { level: 'snapshot' } });
    await db.collection(NOWHERE).findOne({}, { session });
    await session.commitTransaction();
    return true;
  } finally {
    await session.endSession();
  }
}

async function tryChangeStream(db: Db): Promise<boolean> {
  const stream = db.watch([], { maxAwaitTimeMS: 1 });
  try {
    await stream.tryNext();
    return true;
  } finally {
    await stream.close();
  }
}

/** Reads, writes beside it, reads again. */
async function trySnapshot(writable: Db): Promise<boolean> {
  const table = `snapshot_probe_${new ObjectId().toHexString()}`;
  const probe = writable.collection(table);
  const session = writable.client.startSession({ snapshot: true });
  try {
    await probe.insertOne({ n: 1 });
    const before = await probe.find({}, { session, readConcern: { level: 'snapshot' } }).toArray();
    await probe.insertOne({ n: 2 });
    const after = await probe.find({}, { session, readConcern: { level: 'snapshot' } }).toArray();
    return before.length === 1 && after.length === 1;
  } finally {
    await session.endSession();
    await probe.drop();
  }
}

async function askJournal(admin: Db): Promise<boolean | undefined> {
  try {
    const { storageEngine } = (await admin.command({ serverStatus: 1 })) as {
      readonly storageEngine?: { readonly persistent?: boolean };
    };
    return storageEngine?.persistent === true;
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return undefined;
  }
}

/**
 * From the oldest entry to the last write. Only a mongod is asked for an entry: another server may build its whole oplog
 * in memory for the answer (SecantusDB grew to gigabytes, and held up every writer), whatever limits the question has.
 */
async function askOplogWindow(
  local: Db,
  { admin, product }: { readonly admin: Db; readonly product: string },
): Promise<number | undefined> {
  const window = (first: number | undefined, last: number | undefined): number | undefined =>
    first === undefined || last === undefined ? undefined : Math.max(0, last - first) * 1_000;
  const told = await admin.command({ serverStatus: 1, oplog: 1 }).catch(() => undefined);
  const { earliestOptime, latestOptime } = (told?.['oplog'] ?? {}) as Document;
  const known = window(secondsOf(earliestOptime), secondsOf(latestOptime));
  if (known !== undefined || product !== 'MongoDB') return known;
  const hello = await admin.command({ hello: 1 });
  const { lastWrite } = hello as { readonly lastWrite?: { readonly opTime?: unknown } };
  const oldest = await local
    .collection('oplog.rs')
    .findOne({}, { sort: { $natural: 1 }, readConcern: LOCAL, maxTimeMS: ASK_MS })
    .catch(() => undefined);
  return window(secondsOf(oldest?.['ts']), secondsOf(lastWrite?.opTime));
}

async function askOplogSize(local: Db, product: string): Promise<Capabilities['oplogSize']> {
  if (product !== 'MongoDB') return undefined;
  const stats = await local.command({ collStats: 'oplog.rs', maxTimeMS: ASK_MS }).catch(() => undefined);
  const [usedBytes, maxBytes] = [Number(stats?.['size']), Number(stats?.['maxSize'])];
  return usedBytes >= 0 && maxBytes > 0 ? { usedBytes, maxBytes } : undefined;
}

/** A BSON timestamp has its seconds in the upper half. */
function secondsOf(timestamp: unknown): number | undefined {
  const { ts = timestamp } = (timestamp ?? {}) as { readonly ts?: unknown };
  const high = (ts as { readonly high?: unknown } | undefined)?.high;
  return typeof high === 'number' ? high >>> 0 : undefined;
}

async function works(attempt: () => Promise<boolean>): Promise<boolean> {
  try {
    return await attempt();
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return false;
  }
}

/** Whether the server does it for this user; `fine`: refusals that come after it has understood. */
async function answers(db: Db, command: Document, fine: readonly number[] = []): Promise<boolean> {
  try {
    await db.command(command);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    return fine.includes(code);
  }
}

async function knows(admin: Db, command: Document): Promise<boolean> {
  try {
    await admin.command(command);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    return code !== COMMAND_NOT_FOUND;
  }
}

/** A collection that is not there and that nobody will make. */
const NOWHERE = 'cutover_asks_and_finds_nothing';
const NAMESPACE_NOT_FOUND = 26;
const COMMAND_NOT_FOUND = 59;
const LOCAL = { level: 'local' } as const;
/** A figure for people is not worth a longer wait. */
const ASK_MS = 1_000;
