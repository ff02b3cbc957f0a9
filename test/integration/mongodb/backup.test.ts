import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, cp, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  BSON,
  Binary,
  Decimal128,
  Long,
  MongoClient,
  ObjectId,
  Timestamp,
  type AnyBulkWriteOperation,
  type Db,
  type Document,
} from 'mongodb';
import { findProgram } from '../../../activities/backup/find-program';
import { backupFacts } from '../../../activities/mongodb/backup/facts';
import { insertRaw } from '../../../activities/mongodb/backup/insert-raw';
import { readManifest } from '../../../activities/mongodb/backup/manifest';
import { collectionFindings } from '../../../activities/mongodb/preflight/collections';
import { laneName } from '../../../activities/mongodb/session';
import { backupStep } from '../../../activities/mongodb/steps/backup';
import { drillStep } from '../../../activities/mongodb/steps/drill';
import type { MongoTarget, Resources, Target } from '../../../activities/resources';
import type { Evidence } from '../../../src/core/evidence';
import { projectRoot } from '../../../src/dev/project-root';
import { RUN, resourcesOf } from '../../support/backup-context';
import { freshMongo, MONGO_PATIENCE, type FreshMongo } from '../../support/mongo';
import { mongoBackupContext } from '../../support/mongo-backup-context';

let mongo: FreshMongo;
let client: MongoClient;
let db: Db;
let scratch: Db;
let storeDir: string;
let count = 0;

beforeAll(async () => {
  mongo = await freshMongo();
  storeDir = await mkdtemp(join(tmpdir(), 'cutover-mongo-backup-'));
  client = await new MongoClient(mongo.urls.tool, { monitorCommands: false }).connect();
  db = client.db(mongo.database);
  scratch = client.db(mongo.scratch);
  await fill();
}, MONGO_PATIENCE);

afterAll(async () => {
  await client?.close();
  await mongo?.close();
  if (storeDir) await rm(storeDir, { recursive: true, force: true });
});

interface Attempt {
  readonly resources: Resources;
  readonly backup: () => Promise<Evidence>;
  readonly drill: () => Promise<Evidence>;
  readonly undoDrill: () => Promise<Evidence>;
  readonly folder: () => Promise<string>;
  readonly run: typeof RUN;
}

/** A run of its own: its backups lie apart from those of other tests. */
function attempt(
  options: {
    readonly scratchUrl?: string;
    readonly exclude?: readonly string[];
    readonly id?: string;
    readonly signal?: AbortSignal;
    readonly onProgress?: (doing: string) => void;
  } = {},
): Attempt {
  const run = { ...RUN, id: options.id ?? `test-plan.${String(++count).padStart(8, '0')}` };
  const home: MongoTarget = { kind: 'mongodb', name: 'app', url: () => mongo.urls.tool };
  const target: Target = { kind: 'mongodb', name: 'scratch', url: () => options.scratchUrl ?? mongo.urls.scratch };
  const resources = resourcesOf({ targets: [home, target], storeDir });
  const base = { home, run } as const;
  const exclude = options.exclude ?? ['series'];
  const backupContext = () =>
    mongoBackupContext({
      ...base,
      kind: 'backup',
      id: 'backup/dump',
      args: { store: 'backups', exclude },
      signal: options.signal,
      ...(options.onProgress ? { onProgress: options.onProgress } : {}),
    });
  const drillContext = () =>
    mongoBackupContext({
      ...base,
      kind: 'drill',
      id: 'backup/drill',
      args: { backup: 'backup/dump', scratch: 'scratch' },
    });
  const shelf = join(storeDir, run.plan, run.id);
  return {
    resources,
    run,
    backup: () => backupStep(resources).do(backupContext()),
    drill: () => drillStep(resources).do(drillContext()),
    undoDrill: () => drillStep(resources).undo(drillContext()),
    folder: async () => join(shelf, (await readdir(shelf)).sort().at(-1) ?? ''),
  };
}

it('brings back every document, index, option, validator, view and capped collection', async () => {
  const trial = attempt();
  const backup = await trial.backup();
  expect(backup).toMatchObject({ verdict: 'pass', figures: { consistency: expect.stringMatching(/instant/) } });
  const drill = await trial.drill();
  expect(drill.checks.filter((c) => c.verdict !== 'pass')).toEqual([]);
  expect(drill).toMatchObject({ verdict: 'pass', figures: { documents: backup.figures?.documents } });
  const seen = await scratch.collection('seen').find().toArray();
  expect(seen.length).toBe(await db.collection('people').countDocuments());
  const [capped] = await scratch.listCollections({ name: 'recent' }).toArray();
  expect(capped).toMatchObject({ options: { capped: true } });
  await expect(scratch.collection('people').insertOne({ nobody: true })).rejects.toThrow(/validation/i);
}, 120_000);

it('brings odd values back byte for byte: NaN, -0, Decimal128, Timestamp, UUID, dotted and dollar names, a DBRef, 16 MB', async () => {
  const trial = attempt();
  await trial.backup();
  expect((await trial.drill()).verdict).toBe('pass');
  const raw = async (of: Db): Promise<readonly string[]> => {
    const all = (await of.collection('odd').find({}, { raw: true }).toArray()) as unknown as readonly Buffer[];
    return all.map((document) => createHash('sha256').update(document).digest('hex')).sort();
  };
  const before = await raw(db);
  expect(before.length).toBe(ODD.length + 3);
  expect(await raw(scratch)).toEqual(before);
}, 120_000);

it('lies in the layout of mongodump, readable by its owner only, and is unpacked by the command that the manifest gives', async () => {
  const trial = attempt();
  await trial.backup();
  const folder = await trial.folder();
  const { manifest } = await readManifest(folder);
  expect(Object.keys(manifest.collections).sort()).toEqual(['a-b', 'odd', 'people', 'recent', 'seen', 'ß/x']);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await stat(join(folder, 'manifest.json'))).mode & 0o777).toBe(0o400);
  const copy = join(storeDir, `copy-${count}`);
  await cp(folder, copy, { recursive: true });
  if (manifest.compression === 'zstd')
    execFileSync('sh', ['-c', manifest.restoreWith.split(' && ')[0] ?? 'false'], { cwd: copy });
  const files = await readdir(join(copy, mongo.database));
  expect(files).toEqual(
    expect.arrayContaining(['people.bson', 'people.metadata.json', 'seen.metadata.json', '%C3%9F%2Fx.bson']),
  );
  expect(files).not.toContain('seen.bson');
  const metadata = JSON.parse(await readFile(join(copy, mongo.database, 'people.metadata.json'), 'utf8')) as Document;
  expect(metadata).toMatchObject({
    collectionName: 'people',
    type: 'collection',
    uuid: expect.stringMatching(/^[0-9a-f]{32}$/),
    options: { validationAction: 'error' },
    indexes: expect.arrayContaining([expect.objectContaining({ name: '_id_', key: { _id: { $numberInt: '1' } } })]),
  });
  const people = BSON.deserialize((await readFile(join(copy, mongo.database, 'people.bson'))).subarray(0, 200), {
    allowObjectSmallerThanBufferSize: true,
  });
  expect(people).toHaveProperty('_id');
}, 120_000);

it('shows users and roles without credentials', async () => {
  const trial = attempt();
  await trial.backup();
  const text = await readFile(join(await trial.folder(), 'users.json'), 'utf8');
  const { users, roles } = JSON.parse(text) as {
    users: readonly { user: string }[];
    roles: readonly { role: string }[];
  };
  expect(users.map(({ user }) => user)).toEqual(expect.arrayContaining(['app', 'cutover']));
  expect(roles.map(({ role }) => role)).toContain(`${mongo.database}_app_rw`);
  expect(text).not.toMatch(/credentials|SCRAM-SHA-256"\s*:/);
}, 60_000);

it('is of one instant although the application writes all the while', async () => {
  const writer = startWriter();
  const trial = attempt();
  await delay(200);
  const evidence = await trial.backup().finally(() => writer.stop());
  const history = await writer.stop();
  expect(evidence.verdict).toBe('pass');
  expect(Number(evidence.figures?.changesReplayed)).toBeGreaterThan(0);
  expect((await trial.drill()).verdict).toBe('pass');
  const restored = await stateOf(scratch);
  const instants = statesOf(history).filter((state) => state === restored);
  expect(instants).toHaveLength(1);
}, 120_000);

it('takes no second backup where the first is whole, and a second one beside it where it is damaged', async () => {
  const trial = attempt();
  const first = await trial.backup();
  expect((await trial.backup()).figures).toMatchObject({ backup: first.figures?.backup, seconds: 0 });
  const old = await dataFile(await trial.folder(), 'people');
  await spoil(old, (data) => data.subarray(0, 100));
  expect(await trial.backup()).toMatchObject({ verdict: 'pass', figures: { backup: 'backup-dump-2' } });
  expect((await readFile(old)).length).toBe(100);
}, 120_000);

it('gives the gate its id and sha256, and says when it is too old', async () => {
  const trial = attempt();
  const backup = await trial.backup();
  const lane = client.db(laneName(mongo.database));
  const input = { run: trial.run, phase: 'cutover', tables: [], backupStep: 'backup/dump' };
  expect(await backupFacts(trial.resources, { ...input, backupMaxAgeMs: 60_000 }, lane)).toEqual({
    backup: `backup-dump-1 ${backup.figures?.manifest}`,
    backupYoungEnough: 'yes',
  });
  expect(await backupFacts(trial.resources, { ...input, backupMaxAgeMs: -1 }, lane)).toMatchObject({
    backupYoungEnough: 'no',
  });
  await rm(await trial.folder(), { recursive: true });
  expect(await backupFacts(trial.resources, { ...input, backupMaxAgeMs: 1 }, lane)).toEqual({
    backup: 'none',
    backupYoungEnough: 'no',
  });
}, 60_000);

it('refuses a time-series collection that the plan does not exclude', async () => {
  await expect(attempt({ exclude: [] }).backup()).rejects.toThrow(
    /Time-series collections are not backed up .*\(series\)/,
  );
}, 60_000);

it('has preflight say so before: a time series that is not excluded, and a collection that is stamped and excluded', async () => {
  const asked = { type: 'text', creates: [], scratch: 'scratch', store: 'backups', maxTransactionAgeMs: 1, watch: [] };
  const problems = async (excluded: readonly string[]): Promise<string> => {
    const { checks } = await collectionFindings(db, { ...asked, tables: ['people'], column: 'tenant_id', excluded });
    return checks.find(({ name }) => name === 'collections')?.observed ?? '';
  };
  expect(await problems([])).toMatch(/^series is a time series, which the backup cannot hold: .* backup\.exclude$/);
  expect(await problems(['series'])).toBe('1 collections that can be stamped');
  expect(await problems(['series', 'people'])).toMatch(/^people is stamped, and backup\.exclude leaves it out/);
}, 60_000);

describe('a drill does not pass', () => {
  it('on a flipped byte', async () => {
    const trial = attempt();
    await trial.backup();
    await spoil(await dataFile(await trial.folder(), 'people'), (data) => data.fill(data[500] === 0 ? 1 : 0, 500, 501));
    const drill = await trial.drill();
    expect(drill).toMatchObject({ verdict: 'fail', checks: [{ name: 'files read back' }] });
    expect(drill.summary).toMatch(/people\.bson.* has another sha256/);
  }, 60_000);

  it('on a truncated or missing file', async () => {
    const trial = attempt();
    await trial.backup();
    const file = await dataFile(await trial.folder(), 'people');
    await chmod(file, 0o600);
    await truncate(file, 1_000);
    expect((await trial.drill()).summary).toContain('1000 bytes instead of');
    await rm(file);
    expect((await trial.drill()).summary).toMatch(/people\.bson.* cannot be read/);
  }, 60_000);

  it('on a manifest that was changed afterwards', async () => {
    const trial = attempt();
    await trial.backup();
    await spoil(join(await trial.folder(), 'manifest.json'), (data) =>
      Buffer.from(data.toString().replace(/"documents":\d+/, '"documents":7')),
    );
    await expect(trial.drill()).rejects.toThrow(/has changed since the backup was taken/);
  }, 60_000);

  it('when a collection comes back with other documents than the sealed manifest says, and names it', async () => {
    const trial = attempt();
    await trial.backup();
    const path = join(await trial.folder(), 'manifest.json');
    await spoil(path, (data) => {
      const manifest = JSON.parse(data.toString()) as {
        collections: Record<string, { data: { content: { digest: string } } }>;
      };
      const people = manifest.collections['people'];
      if (people) people.data.content.digest = `sum:${'0'.repeat(64)}`;
      return Buffer.from(JSON.stringify(manifest));
    });
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    await client
      .db(laneName(mongo.database))
      .collection<{ _id: string; value: string }>('capture')
      .updateOne({ _id: `${trial.run.id}/backup/dump/manifest-1` }, { $set: { value: JSON.stringify({ sha256 }) } });
    const drill = await trial.drill();
    expect(drill.verdict).toBe('fail');
    expect(drill.summary).toContain('people has the same number of documents, but not the same ones');
  }, 60_000);

  it('and touches nothing when scratch is the live database under another address', async () => {
    const trial = attempt({ scratchUrl: mongo.urls.tool.replace('127.0.0.1', 'localhost') });
    await trial.backup();
    await expect(trial.drill()).rejects.toThrow(/"scratch" and "app" are the same database/);
    expect(await db.collection('people').countDocuments()).toBeGreaterThan(0);
  }, 60_000);

  it('and touches nothing when scratch holds something of somebody else', async () => {
    const trial = attempt();
    await trial.backup();
    await trial.drill();
    expect((await trial.undoDrill()).verdict).toBe('pass');
    expect(await scratch.listCollections().toArray()).toEqual([]);
    await scratch.collection<{ _id: number }>('precious').insertOne({ _id: 1 });
    await expect(trial.drill()).rejects.toThrow(/holds what no drill has put there \(precious\)/);
    expect(await scratch.collection('precious').countDocuments()).toBe(1);
    await scratch.dropCollection('precious');
  }, 60_000);
});

it('leaves only what is called partial when its worker is killed, and the next attempt removes that', async () => {
  const id = 'test-plan.killed';
  const env = { ...process.env, TEST_URL: mongo.urls.tool, TEST_STORE: storeDir, TEST_RUN: id };
  const worker = spawn(
    process.execPath,
    [
      '-r',
      join(projectRoot(), 'test/support/swc-register.cjs'),
      join(projectRoot(), 'test/support/mongo-backup-worker.ts'),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], env },
  );
  const shelf = join(storeDir, RUN.plan, id);
  const gone = new Promise((resolve) => worker.once('close', resolve));
  for await (const line of worker.stdout) if (String(line).includes('dumping')) break;
  worker.kill('SIGKILL');
  await gone;
  const left = await readdir(shelf);
  expect(left).toHaveLength(1);
  expect(left[0]).toMatch(/\.partial$/);
  expect(await attempt({ id }).backup()).toMatchObject({ verdict: 'pass', figures: { backup: 'backup-dump-1' } });
  expect(await readdir(shelf)).toEqual(['backup-dump-1']);
}, 120_000);

/** A mount of its own that only the program sees; without user namespaces there is none. */
const INSIDE = ['-rm', 'sh', '-c', 'mount -t tmpfs -o size=100k tmpfs "$0" && exec "$@"'];
const mayMount = spawnSync('unshare', [...INSIDE, '/mnt', 'true']).status === 0;

(mayMount ? it : it.skip)(
  'leaves nothing that looks like a backup on a disk that fills up, and says how much is free',
  async () => {
    const mount = await mkdtemp(join(tmpdir(), 'cutover-mongo-full-'));
    const program = ['test/support/swc-register.cjs', 'test/support/mongo-backup-worker.ts'].map((f) =>
      join(projectRoot(), f),
    );
    const worker = spawnSync('unshare', [...INSIDE, mount, process.execPath, '-r', ...program], {
      env: { ...process.env, TEST_URL: mongo.urls.tool, TEST_STORE: mount, TEST_RUN: 'test-plan.full' },
      encoding: 'utf8',
    });
    await rm(mount, { recursive: true });
    const said = JSON.parse(worker.stdout.trim().split('\n').at(-1) ?? '') as {
      outcome: string;
      left: readonly string[];
    };
    expect(said.outcome).toMatch(/could not be written \(ENOSPC\): \d+ MB are free in store "backups"/);
    expect(said.left.filter((path) => path.includes('backup-dump'))).toEqual([]);
  },
  120_000,
);

it('leaves nothing when it is aborted in the middle, and the next attempt takes a whole one', async () => {
  const stop = new AbortController();
  const id = 'test-plan.aborted';
  const onProgress = (doing: string): void =>
    doing.includes('dumping') ? stop.abort(new Error('cancelled')) : undefined;
  await expect(attempt({ id, signal: stop.signal, onProgress }).backup()).rejects.toThrow('cancelled');
  expect(await readdir(join(storeDir, RUN.plan, id))).toEqual([]);
  expect(await attempt({ id }).backup()).toMatchObject({ verdict: 'pass', figures: { backup: 'backup-dump-1' } });
}, 120_000);

const ODD: readonly Document[] = [
  { _id: 1, v: Number.NaN, zero: -0, dec: Decimal128.fromString('1.10'), ts: new Timestamp({ t: 5, i: 9 }) },
  {
    _id: Long.fromString('9007199254740993'),
    long: Long.fromNumber(3),
    double: new BSON.Double(3),
    int: new BSON.Int32(3),
  },
  {
    _id: new ObjectId(),
    uuid: new BSON.UUID(),
    legacy: new Binary(Buffer.alloc(16, 7), 3),
    bin: new Binary(Buffer.from('x'), 128),
  },
  {
    _id: 'names',
    'a.b': 1,
    $c: 2,
    '': 3,
    a: { 'x.y': { $z: 1 } },
    list: [null, [1, { b: -0 }], new BSON.MinKey(), new BSON.MaxKey()],
  },
  {
    _id: new Date(0),
    re: new BSON.BSONRegExp('^a', 'ix'),
    code: new BSON.Code('f()', { a: 1 }),
    sym: new BSON.BSONSymbol('s'),
  },
  { _id: { a: 1, b: -0 }, date: new Date(-1), bool: false, ref: { $id: new ObjectId(), $ref: 'other', more: 1 } },
];

/** A double that is not a number with a payload, and a field that is there twice: no driver call writes these. */
function rawOdd(): readonly Buffer[] {
  const nan = Buffer.from(BSON.serialize({ _id: 'payload', v: 1.5 }));
  nan.writeBigUInt64LE(0x7ff8_0000_0000_1234n, nan.length - 9);
  const twice = Buffer.from(BSON.serialize({ _id: 'twice', a: 1, b: 2 }));
  twice.write('a', twice.indexOf('b\0'));
  return [nan, twice];
}

async function fill(): Promise<void> {
  const rights = { validator: { name: { $type: 'string' } }, validationLevel: 'moderate', validationAction: 'error' };
  await db.createCollection('people', rights);
  const people = Array.from({ length: 20_000 }, (_, i) => ({
    _id: `p${i}`,
    name: `name ${i}`,
    n: i,
    text: 'x'.repeat(120),
  }));
  await db.collection<{ _id: string }>('people').insertMany(people);
  await db
    .collection('people')
    .createIndex({ name: 1, n: -1 }, { unique: true, partialFilterExpression: { n: { $gt: 5 } } });
  await db.createCollection('recent', { capped: true, size: 100_000 });
  await db.collection('recent').insertMany(Array.from({ length: 50 }, (_, i) => ({ i })));
  await db.createCollection('seen', { viewOn: 'people', pipeline: [{ $project: { name: 1 } }] });
  await db.createCollection('series', { timeseries: { timeField: 't' } });
  await db.collection<{ _id: number }>('a-b').insertMany([{ _id: 1 }, { _id: 2 }]);
  await db.collection('ß/x').insertOne({ a: 1 });
  await insertRaw(db, 'odd', [...ODD.map((d) => Buffer.from(BSON.serialize(d))), ...rawOdd()]);
  const big = BSON.serialize({ _id: 'big', big: 'x'.repeat(16 * 1024 * 1024 - 60) });
  await insertRaw(db, 'odd', [Buffer.from(big)]);
}

type Write = { readonly op: 'insert' | 'set' | 'replace' | 'delete'; readonly id: string; readonly n: number };

/** Bursts of writes in one order: every state between two of them was an instant. */
function startWriter(): { readonly stop: () => Promise<readonly Write[]> } {
  const writes: Write[] = [];
  let going = true;
  const app = new MongoClient(mongo.urls.app);
  const work = (async () => {
    for (let n = 0, turn = 0; going; turn++) {
      const of = COLLECTIONS[turn % 2] ?? '';
      const burst = Array.from({ length: BURST }, () => nextWrite(writes, of, n++));
      await app.db(mongo.database).collection<Event>(of).bulkWrite(burst, { ordered: true });
      await delay(2);
    }
  })();
  return {
    stop: async () => {
      going = false;
      await work;
      await app.close();
      return writes;
    },
  };
}

/** Some documents change so often that a look-up may well find them later than the event says. */
function nextWrite(writes: Write[], of: string, n: number): AnyBulkWriteOperation<Event> {
  const id = n % 3 === 0 ? `e${(n * 7) % 41}` : `hot${n % 2}`;
  const op = !statesHave(writes, `${of}/${id}`) ? 'insert' : n % 15 === 0 ? 'delete' : n % 7 === 0 ? 'replace' : 'set';
  writes.push({ op, id: `${of}/${id}`, n });
  const filter = { _id: id };
  if (op === 'insert') return { insertOne: { document: { _id: id, n } } };
  if (op === 'delete') return { deleteOne: { filter } };
  if (op === 'replace') return { replaceOne: { filter, replacement: { n } } };
  return { updateOne: { filter, update: { $set: { n } } } };
}

const BURST = 10;

/** One is read before all other collections and one after them. */
const COLLECTIONS = ['0-events', 'z-events'] as const;

interface Event {
  readonly _id: string;
  readonly n: number;
}

function statesHave(writes: readonly Write[], id: string): boolean {
  const last = writes.findLast((write) => write.id === id);
  return last !== undefined && last.op !== 'delete';
}

function statesOf(writes: readonly Write[]): readonly string[] {
  const state = new Map<string, number>();
  return writes.map(({ op, id, n }) => {
    if (op === 'delete') state.delete(id);
    else state.set(id, n);
    return textOf(state);
  });
}

async function stateOf(of: Db): Promise<string> {
  const state = new Map<string, number>();
  for (const name of COLLECTIONS)
    for await (const { _id, n } of of.collection<Event>(name).find()) state.set(`${name}/${_id}`, n);
  return textOf(state);
}

function textOf(state: ReadonlyMap<string, number>): string {
  return [...state]
    .map(([id, n]) => `${id}=${n}`)
    .sort()
    .join(' ');
}

async function dataFile(folder: string, name: string): Promise<string> {
  const { manifest } = await readManifest(folder);
  return join(folder, manifest.collections[name]?.data?.file ?? '');
}

async function spoil(path: string, change: (data: Buffer) => Buffer): Promise<void> {
  await chmod(path, 0o600);
  await writeFile(path, change(await readFile(path)));
}

it('uses zstd where the program is there, and else gzip, as mongodump --gzip would', async () => {
  const zstd = await findProgram('zstd');
  expect((await attempt().backup()).figures?.compression).toBe(zstd === undefined ? 'gzip' : 'zstd');
  const path = process.env.PATH;
  process.env.PATH = storeDir;
  try {
    const trial = attempt();
    expect((await trial.backup()).figures?.compression).toBe('gzip');
    expect((await trial.drill()).verdict).toBe('pass');
    const files = await readdir(join(await trial.folder(), mongo.database));
    expect(files).toEqual(expect.arrayContaining(['people.bson.gz', 'people.metadata.json.gz']));
  } finally {
    process.env.PATH = path;
  }
}, 60_000);
