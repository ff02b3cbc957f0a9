import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silent } from '../../../src/dev/progress';
import { majorOf, postgresVersion } from '../../../src/dev/postgres-versions';
import { openRunDir, type RunDir } from '../../../src/dev/run-dir';
import { postgresFor, type PostgresAt } from '../../../src/dev/servers';
import { ENDED, stepState } from '../../../src/core/state';
import { claimOf, proveForward, proveLedger, proveOpen, proveWrites, schemaOf } from '../../support/run-proofs';
import { Scenario, type ScenarioOptions } from '../../support/scenario';
import { sideBySide } from '../../support/side-by-side';
import { testServers } from '../../support/servers';

jest.setTimeout(600_000);

/** How long a run may take where everything else is busy too; not a promise about its speed. */
const PATIENCE_MS = 300_000;

let runDir: RunDir;
let postgres: PostgresAt;
let forward: Scenario;
let back: Scenario;
let before: string;

beforeAll(async () => {
  runDir = openRunDir('postgres-17');
  postgres = await postgresFor(runDir, silent, 17);
  forward = await open({ name: 'path-17', rows: 5_000, rate: 60 });
  back = await open({ name: 'path-17-back', rows: 5_000, rate: 60 });
  before = await schemaOf(back, postgres.clients);
  await sideBySide([goForward(), goBack()]);
});

afterAll(async () => {
  await forward?.[Symbol.asyncDispose]();
  await back?.[Symbol.asyncDispose]();
  await postgres?.server.stop();
  await runDir?.close();
});

test('the server and its pg_dump are 17', async () => {
  expect(majorOf(postgres.version)).toBe(17);
  expect(await postgresVersion(join(postgres.clients, 'pg_dump'))).toMatch(/^17\./);
});

test('on 17 a live application loses no write from start to contract', async () => {
  await proveForward(forward);
});

test('on 17 a rollback after the cutover loses nothing, and pg_dump -s before = after', async () => {
  await proveOpen(back);
  await proveWrites(back, false);
  await proveLedger(back);
  expect(await claimOf(back)).toEqual({ run: null });
  expect(before).toContain('CREATE TABLE public.users');
  expect(await schemaOf(back, postgres.clients)).toBe(before);
});

test('preflight refuses a pg_dump older than the server, names both, and has changed nothing', async () => {
  const older = await clientsBefore17(runDir);
  await using run = await open({ name: 'path-17-older-dump', rows: 100, rate: 10 }, older.folder);
  const untouched = await schemaOf(run, postgres.clients);
  await run.startWorker();
  await run.start();
  const state = await run.until('preflight to judge', (s) => ENDED.includes(s.status) || s.hold !== undefined);
  expect(stepState(state, 'preflight/claim')).toMatchObject({ verdict: 'fail' });
  const [row] = (await proveLedger(run)).filter((r) => r.step === 'preflight/claim' && r.event === 'end');
  const found = `found only ${join(older.folder, 'pg_dump')} ${older.major}`;
  expect(JSON.stringify(row?.body)).toContain(`pg_dump of PostgreSQL 17 or newer is needed, ${found}`);
  expect(await schemaOf(run, postgres.clients)).toBe(untouched);
});

async function open(options: ScenarioOptions, clients = postgres.clients): Promise<Scenario> {
  const { superuserUrl } = postgres.server;
  return Scenario.open({ ...options, servers: { temporal: testServers().temporal, superuserUrl, clients } });
}

async function goForward(): Promise<void> {
  await forward.startWorker();
  await forward.start();
  await forward.ended('done', PATIENCE_MS);
}

async function goBack(): Promise<void> {
  await back.startWorker();
  await back.start(['expand', 'cutover']);
  await back.until(
    'the gate before contract',
    (s) => s.gates.some((g) => g.phase === 'contract' && g.status === 'open'),
    PATIENCE_MS,
  );
  await back.rollback();
  await back.ended('rolled-back', PATIENCE_MS);
}

/** The client programs of the other tests where they are older; else two that say so, which is all that preflight asks them. */
async function clientsBefore17(runDir: RunDir): Promise<{ readonly folder: string; readonly major: number }> {
  const { clients } = testServers();
  const major = majorOf((await postgresVersion(join(clients, 'pg_dump'))) ?? '');
  if (major < 17) return { folder: clients, major };
  const folder = runDir.file('postgres-16', 'bin');
  await mkdir(folder, { recursive: true });
  for (const name of ['pg_dump', 'pg_restore']) {
    await writeFile(join(folder, name), `#!/bin/sh\necho "${name} (PostgreSQL) 16.14"\n`);
    await chmod(join(folder, name), 0o755);
  }
  return { folder, major: 16 };
}
