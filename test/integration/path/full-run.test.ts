import { Client } from 'pg';
import { stepState, type RunState } from '../../../src/core/state';
import { watchRights, type RightsSeen } from '../../support/rights-watch';
import { claimOf, proveBack, proveForward, schemaOf } from '../../support/run-proofs';
import { Scenario } from '../../support/scenario';

jest.setTimeout(180_000);

const KEYED = ['users', 'uploads', 'sellout_entries2', 'products', 'processing_logs', 'transform_logs', 'email_logs'];

describe('runbook 003 from start to contract', () => {
  let run: Scenario;
  let rights: RightsSeen;
  let end: RunState;

  beforeAll(async () => {
    run = await Scenario.open({ name: 'path-forward', rows: 5_000, rate: 80 });
    const watch = await watchRights(run.stage.urls.superuser);
    await run.startWorker();
    await run.start();
    end = await run.ended('done', 120_000);
    rights = await watch.stop();
  });

  afterAll(async () => run[Symbol.asyncDispose]());

  test('a live application loses no write from start to contract', async () => {
    await proveForward(run);
    expect(end.steps.filter((step) => step.status !== 'done' || step.verdict !== 'pass')).toEqual([]);
  });

  test('the application’s role never needs rights on the tool’s schema', async () => {
    expect(rights.looks).toBeGreaterThan(10);
    expect(rights.granted).toEqual([]);
    await expect(asApp(run, 'SELECT FROM cutover.ledger')).rejects.toMatchObject({ code: '42501' });
    const { rows } = await run.db.query(
      `SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosrc ~* '\\mcutover\\.'`,
    );
    expect(rows).toEqual([]);
  });

  test('the stamping trigger stays after contract and says why', async () => {
    const { rows } = await run.db.query<{ on: string; enabled: string }>(
      `SELECT tgrelid::regclass::text AS on, tgenabled AS enabled FROM pg_trigger
        WHERE NOT tgisinternal AND tgname LIKE '%stamp%' ORDER BY 1`,
    );
    expect(rows).toEqual([...KEYED].sort().map((on) => ({ on, enabled: 'A' })));
    const retired = stepState(end, 'contract/retire');
    expect(retired.summary).toMatch(/^The stamping stays: the application stays single-tenant until phase 3/);
    expect(run.plan.remarks.filter((r) => r.startsWith('STAYS'))).toHaveLength(1);
    const stamped = await asApp(run, `INSERT INTO products (ean, name) VALUES ('1', 'forgets') RETURNING client_id`);
    expect(stamped).toEqual([{ client_id: await defaultTenant(run) }]);
  });
});

describe('runbook 003 back after the cutover, and forward again', () => {
  let run: Scenario;
  let before: string;
  let tenant: string | undefined;
  let ofSecond: number;

  beforeAll(async () => {
    run = await Scenario.open({ name: 'path-back', rows: 5_000, rate: 80 });
    before = await schemaOf(run);
    await run.startWorker();
    await run.start(['expand', 'cutover']);
    await run.until(
      'the gate before contract',
      (s) => s.gates.some((g) => g.phase === 'contract' && g.status === 'open'),
      120_000,
    );
    tenant = await defaultTenant(run);
    const foreign = `SELECT id FROM uploads WHERE client_id <> (SELECT id FROM organizations WHERE slug = 'default-org')`;
    await run.seen('uploads of a second organisation', `${foreign} OFFSET 4`);
    await run.rollback();
    await run.ended('rolled-back', 120_000);
    ofSecond = (await run.db.query(`SELECT FROM cutover.archive WHERE table_name = 'public.uploads'`)).rowCount ?? 0;
  });

  afterAll(async () => run[Symbol.asyncDispose]());

  test('rolls back after the cutover with nothing lost; what the old schema cannot hold is in the archive', async () => {
    await proveBack(run, before);
    expect(ofSecond).toBeGreaterThanOrEqual(5);
    const writes = await run.stage.checkWrites(false);
    expect(writes.inArchive).toBeGreaterThan(5);
    expect(writes.found).toBe(writes.ok);
  });

  test('pg_dump -s before = after a rollback', async () => {
    expect(await schemaOf(run)).toBe(before);
  });

  test('a second run after a rollback uses the same default tenant id', async () => {
    await run.start();
    await run.ended('done', 120_000);
    expect(tenant).toMatch(/^[0-9a-f-]{36}$/);
    expect(await defaultTenant(run)).toBe(tenant);
    expect(await claimOf(run)).toEqual({ run: null });
    for (const table of KEYED) {
      const { rows } = await run.db.query(`SELECT DISTINCT client_id FROM ${table}`);
      expect([table, rows]).toEqual([table, [{ client_id: tenant }]]);
    }
  });
});

async function defaultTenant({ db }: Scenario): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>(`SELECT id FROM organizations WHERE slug = 'default-org'`);
  return rows[0]?.id;
}

async function asApp({ stage }: Scenario, sql: string): Promise<readonly object[]> {
  const client = new Client({ connectionString: stage.urls.app });
  await client.connect();
  try {
    return (await client.query<object>(sql)).rows;
  } finally {
    await client.end();
  }
}
