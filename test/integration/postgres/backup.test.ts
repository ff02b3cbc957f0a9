import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { backupStep } from '../../../activities/postgres/steps/backup';
import { drillStep } from '../../../activities/postgres/steps/drill';
import { findProgram } from '../../../activities/backup/find-program';
import type { Resources, Target } from '../../../activities/resources';
import type { Evidence } from '../../../src/core/evidence';
import { projectRoot } from '../../../src/dev/project-root';
import { Captures, RUN, resourcesOf, testContext } from '../../support/backup-context';
import { run, startBackupServer, type BackupDatabase, type BackupServer } from '../../support/backup-server';

const REGISTER = join(projectRoot(), 'test/support/swc-register.cjs');
const WORKER = join(projectRoot(), 'test/support/backup-worker.ts');

let server: BackupServer;
let db: BackupDatabase;
let count = 0;

beforeAll(async () => {
  server = await startBackupServer();
  db = await server.database('whole', 2_000);
  await run(db.urls.owner, ...ODD_TABLES);
  await run(db.urls.cutover, 'CREATE SCHEMA cutover', 'CREATE TABLE cutover.claim (a int)');
}, 60_000);

afterAll(async () => server.close());

const nextId = (): string => `test-plan.${String(++count).padStart(8, '0')}`;

/** A run of its own: its backups lie apart from those of other tests. */
interface Attempt {
  readonly resources: Resources;
  readonly captures: Captures;
  readonly backup: () => Promise<Evidence>;
  readonly drill: () => Promise<Evidence>;
  readonly undoDrill: () => Promise<Evidence>;
  readonly folder: () => Promise<string>;
}

function attempt(of: BackupDatabase = db, more: readonly Target[] = [], id = nextId(), signal?: AbortSignal): Attempt {
  const ref = { ...RUN, id };
  const captures = new Captures();
  const resources = resourcesOf({ targets: [of.home, of.scratch, ...more], storeDir: of.storeDir, bin: of.bin });
  const base = { home: of.home, captures, run: ref, signal } as const;
  const backupContext = () =>
    testContext({ ...base, kind: 'backup', id: 'backup/dump', args: { store: 'backups', exclude: ['cutover'] } });
  const drillContext = () =>
    testContext({ ...base, kind: 'drill', id: 'backup/drill', args: { backup: 'backup/dump', scratch: 'scratch' } });
  return {
    resources,
    captures,
    backup: () => backupStep(resources).do(backupContext()),
    drill: () => drillStep(resources).do(drillContext()),
    undoDrill: () => drillStep(resources).undo(drillContext()),
    folder: async () =>
      join(of.storeDir, ref.plan, ref.id, (await readdir(join(of.storeDir, ref.plan, ref.id))).sort().at(-1) ?? ''),
  };
}

it('a backup with enum, json and odd types comes back in the drill with rows, owners, grants and sequences', async () => {
  const trial = attempt();
  const backup = await trial.backup();
  expect(backup).toMatchObject({
    verdict: 'pass',
    figures: { compression: expect.stringMatching(/zstd|gzip/), rows: expect.any(String) },
  });
  const drill = await trial.drill();
  expect(drill.checks.filter((c) => c.verdict !== 'pass')).toEqual([]);
  expect(drill.verdict).toBe('pass');
  expect(drill.figures).toMatchObject({ rows: backup.figures?.rows, manifest: backup.figures?.manifest });
  const [app] = await run(
    db.urls.scratch,
    `SELECT has_table_privilege('app', 'public.users', 'INSERT') AS may, (SELECT relowner::regrole::text FROM pg_class WHERE oid = 'public.users'::regclass) AS owner`,
  );
  expect(app).toEqual({ may: true, owner: 'owner' });
  expect(await readdir(await trial.folder())).toEqual(['database.dump', 'manifest.json', 'roles.sql']);
  expect(await readFile(join(await trial.folder(), 'roles.sql'), 'utf8')).toContain('GRANT "owner" TO "cutover";');
}, 60_000);

it('a second attempt of the same step takes no second backup', async () => {
  const trial = attempt();
  const first = await trial.backup();
  const second = await trial.backup();
  expect(second.figures).toMatchObject({ backup: first.figures?.backup, dump: first.figures?.dump, seconds: 0 });
}, 60_000);

it('what a dead attempt left half-written is removed and never taken for a backup', async () => {
  const trial = attempt();
  await trial.backup();
  const dump = join(await trial.folder(), 'database.dump');
  await chmod(dump, 0o600);
  await truncate(dump, 1_000);
  const again = await trial.backup();
  expect(again).toMatchObject({ verdict: 'pass', figures: { backup: 'backup-dump-2' } });
}, 60_000);

it('undo of the drill leaves scratch as empty as it was', async () => {
  const trial = attempt();
  await trial.backup();
  await trial.drill();
  expect((await trial.undoDrill()).verdict).toBe('pass');
  const rows = await run(db.urls.scratch, `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace`);
  expect(rows).toEqual([]);
  expect(await run(db.urls.scratch, `SELECT 1 FROM pg_namespace WHERE nspname = 'cutover_drill'`)).toEqual([]);
}, 60_000);

describe('a drill does not pass', () => {
  it('on a flipped byte', async () => {
    const trial = attempt();
    await trial.backup();
    await spoil(join(await trial.folder(), 'database.dump'), (data) =>
      data.fill(data[5_000] === 0 ? 1 : 0, 5_000, 5_001),
    );
    expect(await trial.drill()).toMatchObject({ verdict: 'fail', checks: [{ name: 'files read back' }] });
  }, 60_000);

  it('on a truncated dump', async () => {
    const trial = attempt();
    await trial.backup();
    const dump = join(await trial.folder(), 'database.dump');
    await chmod(dump, 0o600);
    await truncate(dump, 10_000);
    expect((await trial.drill()).summary).toContain('10000 bytes instead of');
  }, 60_000);

  it('on a manifest that was changed afterwards', async () => {
    const trial = attempt();
    await trial.backup();
    await spoilText(join(await trial.folder(), 'manifest.json'), (text) =>
      text.replace(/"rows":"(\d+)"/, '"rows":"7"'),
    );
    await expect(trial.drill()).rejects.toThrow(/has changed since the backup was taken/);
  }, 60_000);

  it('when a table comes back with other rows than the manifest of the backup says, and names it', async () => {
    const trial = attempt();
    await trial.backup();
    await spoilText(join(await trial.folder(), 'manifest.json'), (text) =>
      text.replace(/("public\.products":\{.*?"digest":")[^"]*/, '$11+1'),
    );
    await reseal(trial);
    const drill = await trial.drill();
    expect(drill).toMatchObject({ verdict: 'fail' });
    expect(drill.summary).toContain('public.products has the same number of rows, but not the same rows');
  }, 60_000);

  it('when the dump itself is not whole, although its sha256 is the one of the manifest', async () => {
    const trial = attempt();
    await trial.backup();
    const folder = await trial.folder();
    const { createHash } = await import('node:crypto');
    let half = Buffer.alloc(0);
    await spoil(
      join(folder, 'database.dump'),
      (data) => (half = Buffer.from(data.subarray(0, Math.floor(data.length / 2)))),
    );
    await spoilText(join(folder, 'manifest.json'), (text) => {
      const manifest = JSON.parse(text) as { dump: { sha256: string; bytes: number } };
      manifest.dump.bytes = half.length;
      manifest.dump.sha256 = createHash('sha256').update(half).digest('hex');
      return JSON.stringify(manifest);
    });
    await reseal(trial);
    expect(await trial.drill()).toMatchObject({ verdict: 'fail', checks: [{ name: 'restore' }] });
  }, 60_000);

  it('and touches nothing when scratch holds something of somebody else', async () => {
    const other = await server.database('foreign', 200);
    await run(other.urls.scratch, 'CREATE TABLE public.precious (id int)', 'INSERT INTO public.precious VALUES (1)');
    const trial = attempt(other);
    await trial.backup();
    await expect(trial.drill()).rejects.toThrow(/holds what no drill has put there \(public\.precious\)/);
    expect(await run(other.urls.scratch, 'SELECT * FROM public.precious')).toEqual([{ id: 1 }]);
  }, 60_000);

  it('when scratch is the live database under another name', async () => {
    const trial = attempt({ ...db, scratch: { kind: 'postgres', name: 'scratch', url: () => db.urls.cutover } });
    await trial.backup();
    await expect(trial.drill()).rejects.toThrow(/"scratch" and "app" are the same database/);
    expect((await run(db.urls.owner, 'SELECT count(*)::int AS n FROM public.users'))[0]?.n).toBeGreaterThan(0);
  }, 60_000);
});

describe('a worker that is killed in the middle of the dump', () => {
  it.each(['with', 'without'] as const)(
    'leaves no pg_dump and no half backup, %s setpriv',
    async (setpriv) => {
      const big = await server.database(`killed_${setpriv}`, 200_000);
      const id = `test-plan.killed-${setpriv}`;
      const worker = await startWorker(big, id, setpriv === 'with');
      await until(async () => (await dumping(id)).length > 0);
      worker.kill('SIGSTOP'); // nobody reads any more: pg_dump blocks half-way
      expect((await programsOf(id)).length).toBeGreaterThan(0);
      worker.kill('SIGKILL');
      await until(async () => (await programsOf(id)).length === 0);
      const again = attempt(big, [], id);
      expect(await again.backup()).toMatchObject({ verdict: 'pass', figures: { backup: 'backup-dump-1' } });
      expect(await readdir(join(big.storeDir, RUN.plan, id))).toEqual(['backup-dump-1']);
      expect(await dumping(id)).toEqual([]);
    },
    60_000,
  );

  it('leaves no backend either: one that waits for a lock is ended by the next attempt', async () => {
    const id = 'test-plan.killed-lock';
    const unlock = await holdLock();
    const worker = await startWorker(db, id, true);
    await until(async () => (await dumping(id)).length > 0);
    worker.kill('SIGKILL');
    await until(async () => (await programsOf(id)).length === 0);
    const next = attempt(db, [], id);
    const backup = next.backup();
    await until(async () => (await dumping(id)).length === 0);
    await unlock();
    expect(await backup).toMatchObject({ verdict: 'pass' });
  }, 60_000);
});

it('a disk that fills up leaves nothing that looks like a backup, and the message says how much is free', async () => {
  const mount = await mkdtemp(join(server.dir, 'full-'));
  const inside = ['unshare', '-rm', 'sh', '-c', 'mount -t tmpfs -o size=200k tmpfs "$0" && exec "$@"', mount];
  if (spawnSync(inside[0] ?? '', [...inside.slice(1), 'true']).status !== 0) return; // no user namespaces here
  const env = {
    ...process.env,
    TEST_URL: db.urls.cutover,
    TEST_STORE: mount,
    TEST_RUN: 'test-plan.full',
    TEST_BIN: db.bin,
  };
  await run(
    db.urls.owner,
    `INSERT INTO public.products (ean, name) SELECT i, md5(i::text) || md5(i::text || 'x') FROM generate_series(1, 20000) i`,
  );
  const worker = spawnSync(inside[0] ?? '', [...inside.slice(1), process.execPath, '-r', REGISTER, WORKER], {
    env,
    encoding: 'utf8',
  });
  const said = JSON.parse(worker.stdout) as { outcome: string; left: readonly string[] };
  expect(said.outcome).toMatch(/could not be written \(ENOSPC\): \d+ MB are free in store "backups"/);
  expect(said.left.filter((path) => path.includes('backup-dump'))).toEqual([]);
}, 60_000);

it('an aborted backup ends its programs and leaves nothing', async () => {
  const stop = new AbortController();
  const unlock = await holdLock();
  const trial = attempt(db, [], 'test-plan.aborted', stop.signal);
  const backup = trial.backup();
  const failed = expect(backup).rejects.toThrow();
  await until(async () => (await programsOf('test-plan.aborted')).length > 0);
  stop.abort(new Error('cancelled'));
  await failed;
  expect(await programsOf('test-plan.aborted')).toEqual([]);
  expect(await readdir(join(db.storeDir, RUN.plan, 'test-plan.aborted'))).toEqual([]);
  await unlock();
}, 60_000);

it('no argument and no environment of a program that the step starts holds the password', async () => {
  const unlock = await holdLock();
  const id = 'test-plan.secret';
  const backup = attempt(db, [], id).backup();
  await until(async () => (await programsOf(id)).length > 0);
  const password = decodeURIComponent(new URL(db.urls.cutover).password);
  for (const pid of await programsOf(id)) {
    const seen = (await readFile(`/proc/${pid}/environ`, 'utf8')) + (await readFile(`/proc/${pid}/cmdline`, 'utf8'));
    expect(seen).toContain('pg_dump');
    expect(seen).not.toContain(password);
  }
  await unlock();
  expect((await backup).verdict).toBe('pass');
}, 60_000);

/** Makes every pg_dump of the database wait; returns what lets it go on. */
async function holdLock(): Promise<() => Promise<void>> {
  const holder = new Client({ connectionString: db.urls.owner });
  holder.on('error', () => undefined); // a test that failed half-way leaves it to the end of the server
  await holder.connect();
  await holder.query('BEGIN; LOCK TABLE public.email_logs IN ACCESS EXCLUSIVE MODE');
  return () => holder.end();
}

/** Backends of the run's pg_dump. */
async function dumping(id: string): Promise<readonly unknown[]> {
  return run(
    server.server.superuserUrl,
    `SELECT pid FROM pg_stat_activity WHERE application_name = 'cutover/${id}/dump'`,
  );
}

/** Processes that the step has started for this run. */
async function programsOf(id: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const mine = await Promise.all(
    pids.map(async (pid) =>
      (await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')).includes(`PGAPPNAME=cutover/${id}/dump`),
    ),
  );
  return pids.filter((_pid, index) => mine[index]);
}

async function startWorker(of: BackupDatabase, id: string, setpriv: boolean): Promise<ChildProcess> {
  const env = { ...process.env, TEST_URL: of.urls.cutover, TEST_STORE: of.storeDir, TEST_RUN: id, TEST_BIN: of.bin };
  const path = setpriv ? {} : { PATH: await folderWithZstdOnly() };
  return spawn(process.execPath, ['-r', REGISTER, WORKER], {
    stdio: 'ignore',
    env: { ...env, ...path },
  });
}

async function folderWithZstdOnly(): Promise<string> {
  const folder = await mkdtemp(join(server.dir, 'bin-'));
  const zstd = await findProgram('zstd');
  if (zstd) await symlink(zstd, join(folder, 'zstd'));
  return folder;
}

async function until(what: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await what())) {
    if (Date.now() > deadline) throw new Error('It did not come true within 15 s.');
    await delay(10);
  }
}

async function spoil(path: string, change: (data: Buffer) => Buffer): Promise<void> {
  await chmod(path, 0o600);
  await writeFile(path, change(await readFile(path)));
}

async function spoilText(path: string, change: (text: string) => string): Promise<void> {
  await spoil(path, (data) => Buffer.from(change(data.toString('utf8'))));
}

/** As if the backup had been taken like that. */
async function reseal(trial: Attempt): Promise<void> {
  const { createHash } = await import('node:crypto');
  const sha256 = createHash('sha256')
    .update(await readFile(join(await trial.folder(), 'manifest.json')))
    .digest('hex');
  trial.captures.values.set('backup/dump\nmanifest-1', { sha256 });
}

const ODD_TABLES = [
  `CREATE TYPE public.mood AS ENUM ('sad', 'ok')`,
  `CREATE DOMAIN public.mood_now AS public.mood`,
  `CREATE TYPE public.pair AS (left_mood public.mood, doc json)`,
  `CREATE TABLE public.odd (
     id bigint PRIMARY KEY, moods public.mood[], now public.mood_now, twin public.pair, at point, area box, doc json, docb jsonb, markup xml,
     what regclass, bits varbit(8), search tsvector, money money, span int4range, "Ü ""x""" text, doubled bigint GENERATED ALWAYS AS (id * 2) STORED)`,
  `INSERT INTO public.odd (id, moods, now, twin, at, area, doc, docb, markup, what, bits, search, money, span, "Ü ""x""")
   SELECT i, ARRAY['sad', 'ok']::public.mood[], 'ok', ROW('sad', '{"a": 1}')::public.pair, point(i, 1), box(point(0, 0), point(i, 2)), '{"a":  1}', '{"a": 1}',
          '<a/>', 'public.users', B'101', to_tsvector('simple', 'a b'), 12.5, int4range(1, 5), 'ü' FROM generate_series(1, 20) i`,
  `CREATE TABLE public.without_columns ()`,
  `INSERT INTO public.without_columns DEFAULT VALUES`,
  `CREATE TABLE public.without_key (a int)`,
  `INSERT INTO public.without_key VALUES (1), (1), (2)`,
  `CREATE VIEW public.seen AS SELECT id FROM public.odd`,
  `CREATE FUNCTION public.twice(i int) RETURNS int LANGUAGE sql AS 'SELECT i * 2'`,
  `REVOKE ALL ON FUNCTION public.twice(int) FROM PUBLIC`,
  `GRANT SELECT (id) ON public.odd TO app`,
  `CREATE SEQUENCE public.downward INCREMENT -1`,
  `SELECT nextval('public.downward')`,
];
