import { ObjectId, type AnyBulkWriteOperation, type Db, type Document } from 'mongodb';
import type { Membership } from '../../src/core/tenancy-args';
import { fillIn } from './fill';
import { isDuplicateKey } from './duplicate-key';
import { valueText } from './rules/lookup';

export interface MembersInput {
  readonly db: Db;
  readonly args: Membership;
  /** The tenant of users that have no key of their own; undefined = they get none. */
  readonly tenant: string | undefined;
  readonly signal: AbortSignal;
}

export interface EnsureInput extends MembersInput {
  /** The `_id`s of what is about to be inserted: kept before the insert, so that an undo knows its own. */
  readonly remember?: (ids: readonly ObjectId[]) => Promise<void>;
  /** Before every insert; throws where the attempt was overtaken, as one that is woken after a stop may be. */
  readonly held?: () => Promise<void>;
  /** After every window: users looked at so far. */
  readonly seen?: (users: number) => Promise<void> | void;
}

/**
 * A membership for every user that has none in its tenant. Each is one upsert by (user, tenant), guarded by the unique
 * index over both: twice, or beside the application's own, is once. Users without id or tenant get none: the proof
 * names them.
 */
export async function ensureMemberships(input: EnsureInput): Promise<{ readonly inserted: number }> {
  let inserted = 0;
  for await (const users of windowsOfUsers(input)) {
    const missing = await withoutMembership(input, users);
    const documents = missing.filter(canJoin).map((user) => membershipOf(input.args, user));
    if (documents.length > 0) {
      await input.held?.();
      await input.remember?.(documents.map(({ _id }) => _id));
      inserted += await insertAbsent(input, documents);
    }
    await input.seen?.(users.length);
  }
  return { inserted };
}

/**
 * Users come while the application works, so that nobody can be counted to zero before the fence. What can be proved:
 * each of those who have no membership now has one after this.
 */
export async function joinLateUsers(input: EnsureInput): Promise<{ readonly arrived: number; readonly left: number }> {
  let [arrived, left] = [0, 0];
  for await (const users of windowsOfUsers(input)) {
    const missing = await withoutMembership(input, users);
    if (missing.length === 0) continue;
    const documents = missing.filter(canJoin).map((user) => membershipOf(input.args, user));
    if (documents.length > 0) {
      await input.held?.();
      await input.remember?.(documents.map(({ _id }) => _id));
      await insertAbsent(input, documents);
    }
    arrived += missing.length;
    left += (await withoutMembership(input, missing)).length;
  }
  return { arrived, left };
}

export interface WithoutMembership {
  readonly users: number;
  readonly count: number;
  /** At most five: the user's id, or its `_id` where it has none. */
  readonly samples: readonly string[];
}

export async function usersWithoutMembership(input: MembersInput): Promise<WithoutMembership> {
  let users = 0;
  let count = 0;
  const samples: string[] = [];
  for await (const window of windowsOfUsers(input)) {
    const missing = await withoutMembership(input, window);
    users += window.length;
    count += missing.length;
    for (const { id, _id } of missing.slice(0, SAMPLES - samples.length))
      samples.push(id === null ? `_id ${valueText(_id)} (no ${input.args.from.column})` : valueText(id));
  }
  return { users, count, samples };
}

interface User {
  readonly _id: unknown;
  /** Null where the user has none: nobody could be its member. */
  readonly id: unknown;
  /** Null where nobody says whose the user is. */
  readonly tenant: string | null;
  readonly role: string;
}

/** In the order of the collection, by one streaming cursor: no page can be skipped or read twice. */
async function* windowsOfUsers({ db, args, tenant, signal }: MembersInput): AsyncGenerator<readonly User[]> {
  const { from, roles } = args;
  const projection = { [from.column]: 1, [from.key]: 1, ...(roles === undefined ? {} : { [roles.column]: 1 }) };
  const cursor = db.collection(from.table, { promoteLongs: false }).find({}, { projection, batchSize: WINDOW });
  try {
    let window: User[] = [];
    for await (const document of cursor) {
      signal.throwIfAborted();
      window.push(userOf(args, document, tenant));
      if (window.length < WINDOW) continue;
      yield window;
      window = [];
    }
    if (window.length > 0) yield window;
  } finally {
    await cursor.close();
  }
}

function userOf({ from, role, roles }: Membership, document: Document, tenant: string | undefined): User {
  const key: unknown = document[from.key];
  const own: unknown = roles === undefined ? undefined : document[roles.column];
  return {
    _id: document['_id'],
    id: document[from.column] ?? null,
    tenant: typeof key === 'string' && key !== '' ? key : (tenant ?? null),
    role: (typeof own === 'string' && Object.hasOwn(roles?.map ?? {}, own) ? roles?.map[own] : undefined) ?? role,
  };
}

async function withoutMembership({ db, args }: MembersInput, users: readonly User[]): Promise<readonly User[]> {
  const askable = users.filter(canJoin);
  // Both fields, so that the unique index serves the question whichever of them it begins with.
  const filter = {
    [args.user]: { $in: askable.map(({ id }) => id) },
    [args.tenant]: { $in: [...new Set(askable.map(({ tenant }) => tenant))] },
  };
  const projection = { _id: 0, [args.user]: 1, [args.tenant]: 1 };
  const there = await db
    .collection(args.table, { promoteLongs: false })
    .find(filter, { projection, batchSize: 10 * WINDOW })
    .toArray();
  const joined = new Set(there.map((m) => pair(m[args.user], m[args.tenant])));
  return users.filter((user) => !canJoin(user) || !joined.has(pair(user.id, user.tenant)));
}

function canJoin({ id, tenant }: User): boolean {
  return id !== null && tenant !== null;
}

/** As the unique index tells them apart: ids of any type, documents too; a number is the same whatever its width. */
function pair(user: unknown, tenant: unknown): string {
  return JSON.stringify([typeof user === 'string' ? user : [valueText(user)], tenant]);
}

type NewMembership = Document & { readonly _id: ObjectId };

function membershipOf(args: Membership, { id, tenant, role }: User): NewMembership {
  return {
    _id: new ObjectId(),
    ...fillIn(args.fill),
    ...args.values,
    [args.tenant]: tenant,
    [args.user]: id,
    [args.roleColumn]: role,
  };
}

async function insertAbsent({ db, args }: EnsureInput, documents: readonly NewMembership[]): Promise<number> {
  const collection = db.collection(args.table);
  const operations = documents.map((document): AnyBulkWriteOperation => {
    const { [args.user]: user, [args.tenant]: tenant, ...rest } = document;
    return {
      updateOne: {
        filter: { [args.user]: { $eq: user }, [args.tenant]: { $eq: tenant } },
        update: { $setOnInsert: rest },
        upsert: true,
      },
    };
  });
  try {
    return (await collection.bulkWrite(operations, { ordered: false })).upsertedCount;
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    // Somebody else joined the same user in the same moment; now that membership is there and nothing is inserted.
    const first = (error as { readonly result?: { readonly upsertedCount?: number } }).result?.upsertedCount ?? 0;
    return first + (await collection.bulkWrite(operations, { ordered: false })).upsertedCount;
  }
}

const WINDOW = 500;
const SAMPLES = 5;
