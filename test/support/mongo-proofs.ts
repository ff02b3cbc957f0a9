import { createHash } from 'node:crypto';
import { lstat, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BSON, MongoClient, type Db, type Document } from 'mongodb';
import { readLog } from '../../examples/000-mk-proptech/load/read-log';
import type { WritesReport } from '../../examples/000-mk-proptech/load/check-writes';
import { firstBrokenRow, type LedgerRow } from '../../src/core/ledger-row';
import type { CompiledPlan } from '../../src/core/plan';
import type { MongoScenario } from './mongo-scenario';

/** All that a run touches beside the documents. */
export interface MongoWorld {
  /** By collection: its kind, its options, its indexes. */
  readonly collections: Readonly<Record<string, unknown>>;
  readonly appRoles: readonly string[];
  readonly roles: unknown;
  readonly profile: unknown;
  readonly env: string;
  readonly envMode: number;
  readonly build: string;
}

export async function worldOf({ db, stage }: MongoScenario): Promise<MongoWorld> {
  const { app } = stage;
  const { users } = (await db.command({ usersInfo: 'app' })) as unknown as { readonly users: readonly AppUser[] };
  const { roles } = await db.command({ rolesInfo: 1, showPrivileges: true });
  const { was, slowms } = await db.command({ profile: -1 });
  return {
    collections: await collectionsOf(db),
    appRoles: (users[0]?.roles ?? []).map(({ role }) => role).sort(),
    roles: (roles as readonly Document[]).map(({ role, privileges }) => ({ role: role as unknown, privileges })),
    profile: { was: was as unknown, slowms: slowms as unknown },
    env: await readFile(app.envFile, 'utf8'),
    envMode: (await lstat(app.envFile)).mode & 0o777,
    build: basename(await readlink(join(app.root, 'current'))),
  };
}

interface AppUser {
  readonly roles: readonly { readonly role: string }[];
}

const UNCHECKED = { validator: {}, validationLevel: 'strict', validationAction: 'error' };

async function collectionsOf(db: Db): Promise<Readonly<Record<string, unknown>>> {
  const found: Record<string, unknown> = {};
  for (const { name, type, ...rest } of await db.listCollections().toArray()) {
    if (name.startsWith('system.')) continue;
    const given = (rest as { readonly options?: Document }).options ?? {};
    // What a server says by itself where nothing was ever set: a collMod that puts it back leaves it written out.
    const options = { ...UNCHECKED, ...given };
    const indexes = type === 'view' ? [] : await db.collection(name).indexes();
    found[name] = { type, options, indexes: indexes.sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1)) };
  }
  return found;
}

/** By collection and `_id`, the digest of a document's bytes. The application's own book-keeping is left out. */
export type Bytes = ReadonlyMap<string, DocumentBytes>;

interface DocumentBytes {
  readonly digest: string;
  /** What the load's log knows it by. */
  readonly names: readonly string[];
}

export async function bytesOf({ db }: MongoScenario): Promise<Bytes> {
  const bytes = new Map<string, DocumentBytes>();
  for (const { name, type } of await db.listCollections({}, { nameOnly: true }).toArray()) {
    if (type === 'view' || name.startsWith('system.') || ['jobs', 'sessions'].includes(name)) continue;
    for await (const raw of db.collection(name).find({}, { raw: true })) {
      const document = BSON.deserialize(raw as unknown as Buffer, { promoteValues: false });
      const place = `${name} ${BSON.EJSON.stringify({ _id: document['_id'] as unknown }, { relaxed: false })}`;
      const digest = createHash('sha256')
        .update(raw as unknown as Buffer)
        .digest('hex');
      bytes.set(place, {
        digest,
        names: [`${name} ${String(document['id'])}`, `${name} ${String(document['client_ref'])}`],
      });
    }
  }
  return bytes;
}

/** Each document of before is there byte for byte, but for those that the load says it wrote to; at least half are not. */
export async function proveUntouched(scenario: MongoScenario, before: Bytes): Promise<void> {
  const { promises } = await readLog(scenario.stage.writeLog);
  const written = new Set([...promises.values()].map(({ collection, value }) => `${collection} ${value}`));
  const after = await bytesOf(scenario);
  const changed = [...before]
    .filter(([place, { digest }]) => after.get(place)?.digest !== digest)
    .filter(([, { names }]) => !names.some((name) => written.has(name)));
  expect(changed.map(([place]) => place)).toEqual([]);
  const same = [...before].filter(([place, { digest }]) => after.get(place)?.digest === digest);
  expect(same.length).toBeGreaterThan(before.size / 2);
}

/** What every scenario must show at its end, whichever way it went: nothing stands fenced, no claim is left, the ledger is whole. */
export async function proveQuiet(scenario: MongoScenario): Promise<void> {
  // Contract takes the control document away, once it is open for good.
  expect((await scenario.fence()) ?? { state: 'open', settled: true }).toMatchObject({ state: 'open', settled: true });
  expect(await scenario.lane.collection('claim').findOne({})).toMatchObject({ _id: scenario.plan.home, run: null });
  await proveMongoLedger(scenario);
}

/** Every row in its place and unaltered; every verb ended once; tokens only rise. */
export async function proveMongoLedger(scenario: MongoScenario): Promise<void> {
  const ledgers = await scenario.ledgers();
  expect(ledgers.size).toBeGreaterThan(0);
  for (const rows of ledgers.values()) {
    expect(firstBrokenRow(rows)).toBeUndefined();
    const ends = rows.filter((r) => r.event === 'end').map((r) => `${r.step} ${r.verb} ${r.round}`);
    expect(ends.filter((end, i) => ends.indexOf(end) !== i)).toEqual([]);
    const tokens = rows.flatMap(tokenIn);
    expect(tokens.length).toBeGreaterThan(0);
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
  }
}

function tokenIn({ body }: LedgerRow): readonly number[] {
  const token = body !== null && typeof body === 'object' && 'token' in body ? Number(body['token']) : Number.NaN;
  return Number.isNaN(token) ? [] : [token];
}

/** The application's writes go on: another one is acknowledged. */
export async function proveWritesGoOn({ stage }: MongoScenario, patienceMs = 15_000): Promise<void> {
  const ok = (): number => Number(stage.load.latest('progress')?.['ok'] ?? 0);
  const from = ok();
  for (const deadline = Date.now() + patienceMs; ok() <= from; await sleep(50))
    if (Date.now() > deadline) throw new Error(`No write of the application in ${patienceMs} ms.`);
}

/** Stops the load. `tenant`: the default one after a cutover; undefined after a rollback. */
export async function proveMongoWrites(scenario: MongoScenario, tenant: string | undefined): Promise<WritesReport> {
  const writes = await scenario.stage.checkWrites(tenant);
  const { missing, wrong, refusedButPresent } = writes;
  expect({ missing, wrong, refusedButPresent }).toEqual({ missing: [], wrong: [], refusedButPresent: [] });
  expect(writes.ok).toBeGreaterThan(0);
  expect(writes.found).toBe(writes.ok);
  expect(scenario.stage.load.latest('summary')?.['leaks']).toBe(0);
  return writes;
}

/** Strict validators on every collection of the tenants, proved by the application's own user; the old unique indexes gone. */
export async function proveMongoShape({ db, stage, plan }: MongoScenario): Promise<void> {
  const listed = await db.listCollections().toArray();
  const client = await MongoClient.connect(stage.urls.app);
  try {
    for (const table of tenantTables(plan)) {
      const found = listed.find(({ name }) => name === table) as { readonly options?: Document } | undefined;
      const { validationLevel = 'strict', validationAction = 'error' } = found?.options ?? {};
      expect([table, validationLevel, validationAction]).toEqual([table, 'strict', 'error']);
      const forgets = client.db(stage.database).collection(table).insertOne({ id: 'forgets' });
      await expect(forgets).rejects.toMatchObject({ code: 121 });
      expect(await db.collection(table).countDocuments({ tenant_id: { $not: { $type: 'string' } } })).toBe(0);
    }
  } finally {
    await client.close();
  }
  const names = async (table: string) => (await db.collection(table).indexes()).map(({ name }) => name);
  expect(await names('contacts')).not.toContain('contacts_email_unique');
  expect(await names('contacts')).toContain('tenant_id_1_email_1');
  expect(await names('properties')).not.toContain('properties_code_unique');
  expect(await names('properties')).toContain('tenant_id_1_code_1');
}

/** Those whose documents get the key. */
export function tenantTables({ steps }: CompiledPlan): readonly string[] {
  return steps.flatMap((step) => (step.kind === 'stamp' ? [step.args.table] : []));
}

/**
 * Everything as before a run that was rolled back. A collection that the load alone has made since stays, without any
 * option or index of ours.
 */
export async function proveWorld(scenario: MongoScenario, before: MongoWorld): Promise<void> {
  const after = await worldOf(scenario);
  const made = Object.keys(after.collections).filter((name) => !(name in before.collections));
  expect(made.filter((name) => !['notes', 'inspections', 'sessions', 'jobs'].includes(name))).toEqual([]);
  for (const name of made) expect(after.collections[name]).toMatchObject({ type: 'collection', options: UNCHECKED });
  const kept = Object.fromEntries(Object.entries(after.collections).filter(([name]) => !made.includes(name)));
  expect({ ...after, collections: kept }).toEqual(before);
}
