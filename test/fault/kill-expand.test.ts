import { Client } from 'pg';
import { inStep, lastCommit, once, says } from '../support/moments';
import { ledgerOf, proveBack, proveForward, schemaOf } from '../support/run-proofs';
import { Scenario } from '../support/scenario';

jest.setTimeout(300_000);

test('a worker killed within a step of expand, another between its two transactions, a third right after: the next one finishes', async () => {
  await using run = await Scenario.open({ name: 'kill-expand' });
  const first = await run.startWorker();
  run.proxy.setRule(once('hold', inStep('expand/key-uploads', 'do', lastCommit)));
  await run.start();
  await run.proxy.struck();
  await run.kill(first);
  expect(await hasColumn(run, 'uploads')).toBe(false);

  run.proxy.setRule(once('hold', inStep('expand/reference-users', 'do', says(/VALIDATE CONSTRAINT/))));
  const second = await run.startWorker();
  await run.proxy.struck();
  await run.kill(second);

  run.proxy.setRule(undefined);
  const third = await run.startWorker();
  await run.finished('expand/reference-products');
  await run.kill(third);

  await run.startWorker();
  await run.ended();
  await proveForward(run);
});

test('a worker killed while an index is built: the next one waits for the build, and never drops a healthy one', async () => {
  await using run = await Scenario.open({ name: 'kill-index' });
  const first = await run.startWorker();
  await run.start();
  await run.finished('expand/sql-functions');
  const old = await openSnapshot(run);
  await run.seen('the build', BUILDS);
  const before = await building(run);
  await run.kill(first);
  await run.startWorker();
  await run.seen('the next attempt', `SELECT FROM cutover.claim WHERE step = $1 AND token > $2`, [
    before.step,
    before.token,
  ]);
  // The backend of the killed worker goes on, and nobody has built or dropped beside it.
  expect(await building(run)).toMatchObject({ pid: before.pid });
  await old.end();
  await run.ended();
  const rows = await ledgerOf(run);
  expect(rows.filter((r) => r.step === before.step && r.event === 'end')).toHaveLength(1);
  expect(await indexOid(run, before.index)).toBe(before.oid);
  await proveForward(run);
});

test('a worker killed mid rollback, within an undo and between two: the next one finishes, and the schema is as before', async () => {
  await using run = await Scenario.open({ name: 'kill-rollback' });
  const before = await schemaOf(run);
  const first = await run.startWorker();
  await run.start(['expand', 'cutover']);
  await run.gate('contract');
  run.proxy.setRule(once('hold', inStep('expand/key-products', 'undo', says(/DROP COLUMN/))));
  await run.rollback();
  await run.proxy.struck();
  await run.kill(first);

  run.proxy.setRule(once('hold-reply', inStep('expand/table-user_organizations', 'undo', lastCommit)));
  const second = await run.startWorker();
  await run.proxy.struck();
  await run.kill(second);

  await run.startWorker();
  await run.ended('rolled-back');
  await proveBack(run, before);
});

/** Somebody else's old snapshot: an index build waits for its end, and only for that. */
async function openSnapshot({ stage }: Scenario): Promise<Client> {
  const client = new Client({ connectionString: stage.urls.owner, application_name: 'somebody-else' });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM app_settings');
  return client;
}

const BUILDS = `SELECT p.pid, p.index_relid::int AS oid, p.index_relid::regclass::text AS index, c.step, c.token::int AS token
  FROM pg_stat_progress_create_index p, cutover.claim c WHERE p.datname = current_database() AND p.phase = 'waiting for old snapshots'`;

interface Build {
  readonly pid: number;
  readonly oid: number;
  readonly index: string;
  readonly step: string;
  readonly token: number;
}

async function building({ db }: Scenario): Promise<Build> {
  const { rows } = await db.query<Build>(BUILDS);
  expect(rows).toHaveLength(1);
  return rows[0] as Build;
}

async function indexOid({ db }: Scenario, index: string): Promise<number> {
  const { rows } = await db.query<{ oid: number }>('SELECT to_regclass($1)::oid::int AS oid', [index]);
  return rows[0]?.oid ?? 0;
}

async function hasColumn({ db }: Scenario, table: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `SELECT FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = 'client_id'`,
    [`public.${table}`],
  );
  return rowCount === 1;
}
