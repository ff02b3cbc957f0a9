import { readdir } from 'node:fs/promises';
import { Client } from 'pg';
import { stepState, type RunState } from '../../../src/core/state';
import type { Change } from '../../../src/dev/plan-folder';
import { TABLES } from '../../../examples/003-client-id/load/shape';
import { watchRights, type RightsSeen } from '../../support/rights-watch';
import { claimOf, proveBack, proveForward, schemaOf } from '../../support/run-proofs';
import { Scenario } from '../../support/scenario';
import { sideBySide } from '../../support/side-by-side';

jest.setTimeout(600_000);

/** How long a run may take where everything else is busy too; not a promise about its speed. */
const PATIENCE_MS = 300_000;

/** A program that leaves a mark, how it is seen and how it is taken back; and a request. The same words as on MongoDB. */
const MARK: Change = [
  '  expand:\n',
  `  expand:
    - command:
        name: mark
        run: { argv: [node, -e, "require('fs').writeFileSync('mark', 'made')"] }
        verify: { argv: [node, -e, "process.exit(require('fs').existsSync('mark') ? 0 : 1)"] }
        undo: { argv: [node, -e, "require('fs').rmSync('mark')"] }
`,
];
const HEALTH: Change = [
  '  validate:\n    - query',
  `  validate:
    - http: { name: health, request: { target: api, path: /health }, expect: { contains: '"version"' } }
    - query`,
];
const ALLOWED: Change = ['commands: { allow: [] }', 'commands: { allow: [node], cwd: . }'];

const SIZE = { rows: 5_000, rate: 60, planChanges: [MARK, HEALTH], configChanges: [ALLOWED] };

/** Two applications side by side: one goes to the end, the other back after its cutover, and then forward again. */
let forward: Scenario;
let end: RunState;
let rights: RightsSeen;
let back: Scenario;
let before: string;
let tenant: string | undefined;

beforeAll(async () => {
  forward = await Scenario.open({ name: 'path-forward', ...SIZE });
  back = await Scenario.open({ name: 'path-back', ...SIZE });
  await sideBySide([goForward(), goBack()]);
});

afterAll(async () => {
  await forward?.[Symbol.asyncDispose]();
  await back?.[Symbol.asyncDispose]();
});

test('a live application loses no write from start to contract', async () => {
  await proveForward(forward);
  expect(end.steps.filter((step) => step.status !== 'done' || step.verdict !== 'pass')).toEqual([]);
});

test('a command and a request are steps of a plan of PostgreSQL too, and the command is taken back', async () => {
  expect(stepState(end, 'expand/command-mark')).toMatchObject({ status: 'done', verdict: 'pass' });
  expect(stepState(end, 'validate/http-health')).toMatchObject({ status: 'done', verdict: 'pass' });
  expect(await readdir(forward.stage.planFolder)).toContain('mark');
  expect(await readdir(back.stage.planFolder)).not.toContain('mark');
});

test('the application’s role never needs rights on the tool’s schema', async () => {
  expect(rights.looks).toBeGreaterThan(10);
  expect(rights.granted).toEqual([]);
  await expect(asApp(forward, 'SELECT FROM cutover.ledger')).rejects.toMatchObject({ code: '42501' });
  const { rows } = await forward.db.query(
    `SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosrc ~* '\\mcutover\\.'`,
  );
  expect(rows).toEqual([]);
});

test('the stamping trigger stays after contract and says why', async () => {
  const { rows } = await forward.db.query<{ on: string; enabled: string }>(
    `SELECT tgrelid::regclass::text AS on, tgenabled AS enabled FROM pg_trigger
      WHERE NOT tgisinternal AND tgname LIKE '%stamp%' ORDER BY 1`,
  );
  expect(rows).toEqual([...TABLES].sort().map((on) => ({ on, enabled: 'A' })));
  const why = 'The stamping stays: the application stays single-tenant until phase 3';
  expect(stepState(end, 'contract/retire').summary).toContain(why);
  const stamped = await asApp(forward, `INSERT INTO products (ean, name) VALUES ('1', 'forgets') RETURNING client_id`);
  expect(stamped).toEqual([{ client_id: await defaultTenant(forward) }]);
});

test('rolls back after the cutover with nothing lost; what the old schema cannot hold is in the archive', async () => {
  await proveBack(back, before);
  const writes = await back.stage.checkWrites(false);
  expect(writes.found).toBe(writes.ok);
  expect(writes.inArchive).toBeGreaterThan(OF_SECOND);
  const { rowCount } = await back.db.query(`SELECT FROM cutover.archive WHERE table_name = 'public.uploads'`);
  expect(rowCount).toBeGreaterThanOrEqual(OF_SECOND);
});

test('pg_dump -s before = after a rollback', async () => {
  expect(before).toContain('CREATE TABLE public.users');
  expect(await schemaOf(back)).toBe(before);
});

test('a second run after a rollback says why the first one went back, and uses the same default tenant id', async () => {
  back.rootCause = 'the client was too old; it has been updated';
  await back.start();
  await back.ended('done', PATIENCE_MS);
  expect(tenant).toMatch(/^[0-9a-f-]{36}$/);
  expect(await defaultTenant(back)).toBe(tenant);
  expect(await claimOf(back)).toEqual({ run: null });
  for (const table of TABLES) {
    const { rows } = await back.db.query(`SELECT DISTINCT client_id FROM ${table}`);
    expect([table, rows]).toEqual([table, [{ client_id: tenant }]]);
  }
});

async function goForward(): Promise<void> {
  const watch = await watchRights(forward.stage.urls.superuser);
  try {
    await forward.startWorker();
    await forward.start();
    end = await forward.ended('done', PATIENCE_MS);
  } finally {
    rights = await watch.stop();
  }
}

/** So many uploads of a second organisation are awaited before the way back: the old schema cannot say whose they are. */
const OF_SECOND = 3;

async function goBack(): Promise<void> {
  before = await schemaOf(back);
  await back.startWorker();
  await back.start(['expand', 'cutover']);
  await back.until(
    'the gate before contract',
    (s) => s.gates.some((g) => g.phase === 'contract' && g.status === 'open'),
    PATIENCE_MS,
  );
  tenant = await defaultTenant(back);
  const ofSecond = `SELECT FROM uploads WHERE client_id <> (SELECT id FROM organizations WHERE slug = 'default-org')`;
  await back.seen('uploads of a second organisation', `${ofSecond} OFFSET ${OF_SECOND - 1}`);
  await back.rollback();
  await back.ended('rolled-back', PATIENCE_MS);
}

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
