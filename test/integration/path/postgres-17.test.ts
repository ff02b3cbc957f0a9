import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silent } from '../../../src/dev/progress';
import { majorOf, postgresVersion } from '../../../src/dev/postgres-versions';
import { openRunDir, type RunDir } from '../../../src/dev/run-dir';
import { postgresFor, type PostgresAt } from '../../../src/dev/servers';
import { ENDED, stepState } from '../../../src/core/state';
import { claimOf, proveForward, proveLedger, proveOpen, proveWrites, schemaOf } from '../../support/run-proofs';
import { Scenario, type ScenarioOptions } from '../../support/scenario';
import { testServers } from '../../support/servers';

jest.setTimeout(240_000);

describe('on PostgreSQL 17, with the pg_dump of 17', () => {
  let runDir: RunDir;
  let postgres: PostgresAt;

  beforeAll(async () => {
    runDir = openRunDir('postgres-17');
    postgres = await postgresFor(runDir, silent, 17);
  });

  afterAll(async () => {
    await postgres?.server.stop();
    await runDir.close();
  });

  const open = (options: ScenarioOptions, clients = postgres.clients): Promise<Scenario> => {
    const { superuserUrl } = postgres.server;
    return Scenario.open({ ...options, servers: { temporal: testServers().temporal, superuserUrl, clients } });
  };

  test('the server and its pg_dump are 17', async () => {
    expect(majorOf(postgres.version)).toBe(17);
    expect(await postgresVersion(join(postgres.clients, 'pg_dump'))).toMatch(/^17\./);
  });

  test('a live application loses no write from start to contract', async () => {
    await using run = await open({ name: 'path-17', rows: 5_000, rate: 80 });
    await run.startWorker();
    await run.start();
    const end = await run.ended('done', 120_000);
    expect(end.steps.filter((step) => step.verdict !== 'pass')).toEqual([]);
    await proveForward(run);
  });

  test('rolls back after the cutover with nothing lost, and pg_dump -s before = after', async () => {
    await using run = await open({ name: 'path-17-back', rows: 5_000, rate: 80 });
    const before = await schemaOf(run, postgres.clients);
    await run.startWorker();
    await run.start(['expand', 'cutover']);
    await run.until(
      'the gate before contract',
      (s) => s.gates.some((g) => g.phase === 'contract' && g.status === 'open'),
      120_000,
    );
    await run.rollback();
    await run.ended('rolled-back', 120_000);
    await proveOpen(run);
    await proveWrites(run, false);
    await proveLedger(run);
    expect(await claimOf(run)).toEqual({ run: null });
    expect(await schemaOf(run, postgres.clients)).toBe(before);
  });

  test('preflight refuses a pg_dump older than the server, names both, and has changed nothing', async () => {
    const older = await clientsBefore17(runDir);
    await using run = await open({ name: 'path-17-older-dump', rows: 100, rate: 10 }, older.folder);
    const before = await schemaOf(run, postgres.clients);
    await run.startWorker();
    await run.start();
    const state = await waitForVerdict(run);
    expect(stepState(state, 'preflight/claim')).toMatchObject({ verdict: 'fail' });
    const said = JSON.stringify(state.hold ?? state.steps[0]);
    expect(said).toContain(
      `pg_dump of PostgreSQL 17 or newer is needed, found only ${join(older.folder, 'pg_dump')} ${older.major}`,
    );
    expect(await schemaOf(run, postgres.clients)).toBe(before);
  });
});

function waitForVerdict(run: Scenario): ReturnType<Scenario['parked']> {
  return run.until('preflight to judge', (s) => ENDED.includes(s.status) || s.hold !== undefined);
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
