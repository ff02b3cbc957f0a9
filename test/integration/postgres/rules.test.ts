import { readFileSync, writeFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Findings } from '../../../activities/findings';
import { ruleFindings } from '../../../activities/postgres/preflight/rules';
import { readForgotten } from '../../../activities/postgres/forgotten';
import { openSession } from '../../../activities/postgres/session';
import type { StepArgs } from '../../../src/core/step';
import { run as sql, startBackupServer, type BackupServer } from '../../support/backup-server';
import { ACME, astray, BOLT, NOBODY, NONE_ASTRAY, OldApplication, ruled, type Ruled } from '../../support/pg-ruled';
import type { StepToRun } from '../../support/pg-run';
import { dumpSchema } from '../../support/schema-dump';
import { compiled } from '../../unit/plan/compiled';

jest.setTimeout(240_000);

const PLANS = join(__dirname, '../../plans/valid');
const PLAN = join(PLANS, 'postgres-rules.yaml');

describe('rows of several tenants, by rule', () => {
  let server: BackupServer;
  let folder: string;
  let defaulting: string;
  let teams: string;
  let names = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rules-'));
    cpSync(PLANS, folder, { recursive: true });
    defaulting = join(folder, 'defaulting.yaml');
    writeFileSync(defaulting, readFileSync(PLAN, 'utf8').replace('to: tenant }', 'to: tenant, default: true }'));
    teams = join(folder, 'teams.yaml');
    const byTeam = 'users: { rule: { mapping: { by: team, table: owners, from: id, to: tenant } } }';
    writeFileSync(teams, readFileSync(PLAN, 'utf8').replace('users: {}', byTeam));
    server = await startBackupServer();
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const fresh = (letters = 400, plan = PLAN): Promise<Ruled> => ruled(server, `rules_${names++}`, { letters, plan });
  const tenants = (it: Ruled): Promise<readonly unknown[]> =>
    it.owner('SELECT client_id AS of, count(*)::int AS n FROM letters GROUP BY 1 ORDER BY 1');

  test('are predicted by tenant before any is stamped, and stamped as predicted', async () => {
    const it = await fresh();
    await it.expand();
    expect(await tenants(it)).toEqual([{ of: null, n: 400 }]);
    const stamped = await it.run.do(it.step('backfill/stamp-letters'));
    expect(stamped).toMatchObject({
      verdict: 'pass',
      figures: { rows: 400, predicted: 400, tenants: 2, stamped: 400 },
    });
    const [captured] = await it.tool(`SELECT value FROM cutover.capture WHERE name = 'predicted'`);
    expect(captured).toEqual({
      value: { table: 'public.letters', rows: 400, byTenant: { [ACME]: 200, [BOLT]: 200 } },
    });
    expect(await tenants(it)).toEqual([
      { of: ACME, n: 200 },
      { of: BOLT, n: 200 },
    ]);
    const again = await it.run.do(it.step('backfill/stamp-letters'));
    expect(again).toMatchObject({ verdict: 'pass', figures: { stamped: 0 } });
  });

  test('whose tenant the rule will not tell are named by preflight already, and rules that cannot run are refused there', async () => {
    const it = await fresh();
    const asked = async (): Promise<Findings> => {
      await using session = await openSession({
        ...{ url: it.database.urls.cutover, applicationName: 'cutover/test', readOnly: true },
      });
      return await ruleFindings(session, preflightArgs(await compiled(PLAN)));
    };
    expect(await asked()).toMatchObject({ checks: [{ name: 'rules', verdict: 'pass' }], warnings: [] });
    await it.owner(`INSERT INTO letters (owner_id) VALUES (777), (NULL), (888)`, `INSERT INTO owners VALUES (888)`);
    expect((await asked()).warnings).toEqual([
      'public.owners knows no tenant for 3 rows, of "777", "888", "null" in public.letters, by owner_id: backfill stamps none before it does',
    ]);
    await it.owner('ALTER TABLE owners DROP CONSTRAINT owners_pkey', 'ALTER TABLE answers RENAME letter_id TO other');
    expect((await asked()).checks).toEqual([
      expect.objectContaining({
        verdict: 'fail',
        observed: expect.stringMatching(
          /owners, which has no index.*reads public\.answers\.letter_id, which is not there/,
        ) as string,
      }),
    ]);
  });

  test('whose tenant the rule cannot tell are refused by name, and no row is stamped before that is mended', async () => {
    const it = await fresh();
    await it.expand();
    await it.app(`INSERT INTO letters (owner_id, body) VALUES (777, 'whose?'), (NULL, 'nobody’s')`);
    await expect(it.run.do(it.step('backfill/stamp-letters'))).rejects.toMatchObject({
      type: 'Refused',
      message: expect.stringMatching(/2 rows, of "777", "null" in public\.letters.*public\.owners/) as string,
    });
    expect(await tenants(it)).toEqual([{ of: null, n: 402 }]);
    await it.owner(`INSERT INTO owners VALUES (777, '${ACME}')`, `DELETE FROM letters WHERE owner_id IS NULL`);
    expect((await it.run.do(it.step('backfill/stamp-letters'))).verdict).toBe('pass');
    expect(await it.owner('SELECT client_id FROM letters WHERE owner_id = 777')).toEqual([{ client_id: ACME }]);
  });

  test('become the default tenant’s where the rule says so and finds nothing, those that the application still writes too', async () => {
    const it = await fresh(400, defaulting);
    await it.owner(`INSERT INTO letters (owner_id, body) VALUES (777, 'whose?'), (NULL, 'nobody’s')`);
    await it.expand();
    await it.app(`INSERT INTO letters (owner_id, body) VALUES (778, 'later')`);
    expect((await it.run.do(it.step('backfill/stamp-letters'))).verdict).toBe('pass');
    const [found] = await it.owner(
      `SELECT count(*)::int AS n FROM letters JOIN organizations o ON o.id = client_id WHERE o.slug = 'default-org'`,
    );
    expect(found).toEqual({ n: 3 });
  });

  test.each([
    [
      'two tenants',
      `INSERT INTO owners VALUES (777, '${ACME}'), (777, '${BOLT}')`,
      /gives id "777" 2 values of tenant/,
    ],
    [
      'a tenant that nobody knows',
      `INSERT INTO owners VALUES (777, '${NOBODY}')`,
      /which public\.organizations does not/,
    ],
  ])(
    'are refused where a value leads to %s, even with a default, and the application goes on',
    async (_, mistake, said) => {
      const it = await fresh(400, defaulting);
      await it.owner('ALTER TABLE owners DROP CONSTRAINT owners_pkey', 'CREATE INDEX ON owners (id)', mistake);
      await it.expand();
      await it.app(`INSERT INTO letters (owner_id, body) VALUES (777, 'whose?')`);
      await expect(it.run.do(it.step('backfill/stamp-letters'))).rejects.toMatchObject({
        type: 'Refused',
        message: expect.stringMatching(said) as string,
      });
      expect(await tenants(it)).toEqual([{ of: null, n: 401 }]);
    },
  );

  test('are stamped two references away, tables in the order in which tenants are known', async () => {
    const it = await fresh();
    await it.expand();
    await it.phase('backfill');
    expect(await astray(it)).toEqual(NONE_ASTRAY);
    const [found] = await it.owner('SELECT count(*)::int AS n, count(DISTINCT client_id)::int AS tenants FROM notes');
    expect(found).toEqual({ n: 100, tenants: 2 });
  });

  test('keep a key that they have, whoever gave it, and the proof names those that the rule would not give', async () => {
    const it = await fresh();
    await it.expand();
    await it.owner(`UPDATE letters SET client_id = '${ACME}' WHERE id IN (2, 4)`);
    const evidence = await it.run.do(it.step('backfill/stamp-letters'));
    expect(evidence.verdict).toBe('fail');
    expect(evidence.checks).toContainEqual({
      name: 'public.letters: rows of other tenants than the rule says',
      verdict: 'fail',
      expected: '0',
      observed: '2, of owner_id "3", "5"',
    });
    expect(await it.owner('SELECT id::int, client_id FROM letters WHERE id IN (2, 4) ORDER BY 1')).toEqual([
      { id: 2, client_id: ACME },
      { id: 4, client_id: ACME },
    ]);
    await it.owner('UPDATE letters SET client_id = NULL WHERE id IN (2, 4)');
    expect(await it.run.do(it.step('backfill/stamp-letters'))).toMatchObject({
      verdict: 'pass',
      figures: { stamped: 2 },
    });
  });

  test('written after the stamping are let in whatever their owner, and stamped by the recount once the rule can tell, as is whoever is given up', async () => {
    const it = await fresh();
    await it.expand();
    await it.phase('backfill');
    await it.app(
      `INSERT INTO letters (id, owner_id, body) VALUES (9001, 777, 'late')`,
      `INSERT INTO answers (letter_id, body) VALUES (9001, 'late')`,
    );
    const evidence = await it.run.do(it.step('validate/recount'));
    expect(evidence.verdict).toBe('fail');
    expect(evidence.checks).toContainEqual(
      expect.objectContaining({
        name: 'public.letters: rows without key (as owner)',
        observed: '1, of owner_id "777"',
      }),
    );
    await it.owner(`INSERT INTO owners VALUES (777, '${BOLT}')`);
    expect(await it.run.do(it.step('validate/recount'))).toMatchObject({
      verdict: 'pass',
      figures: { arrivedSince: 2 },
    });
    await it.owner(`UPDATE owners SET tenant = '${ACME}' WHERE id = 777`);
    expect(await it.run.do(it.step('validate/recount'))).toMatchObject({ verdict: 'fail' });
    await it.owner(
      'UPDATE letters SET client_id = NULL WHERE id = 9001',
      'UPDATE answers SET client_id = NULL WHERE letter_id = 9001',
    );
    expect(await it.run.do(it.step('validate/recount'))).toMatchObject({
      verdict: 'pass',
      figures: { arrivedSince: 2 },
    });
    expect(await astray(it)).toEqual(NONE_ASTRAY);
  });

  test('that are users become members of the tenant that the rule gives them, also when it could not at first', async () => {
    const it = await fresh(400, teams);
    await it.expand();
    await it.phase('backfill');
    await it.app(
      `INSERT INTO users (email, display_name, team) VALUES ('a@example.com', 'A', 2), ('b@example.com', 'B', 777)`,
    );
    expect((await it.run.do(it.step('validate/recount'))).verdict).toBe('fail');
    await it.owner(`INSERT INTO owners VALUES (777, '${BOLT}')`);
    expect((await it.run.do(it.step('validate/recount'))).verdict).toBe('pass');
    const joined = `SELECT email, organization_id AS of FROM users u JOIN user_organizations m ON m.user_id = u.id WHERE email IN ('a@example.com', 'b@example.com') ORDER BY 1`;
    expect(await it.owner(joined)).toEqual([
      { email: 'a@example.com', of: ACME },
      { email: 'b@example.com', of: BOLT },
    ]);
    const [others] = await it.owner(
      'SELECT count(*)::int AS n FROM users u JOIN user_organizations m ON m.user_id = u.id JOIN owners o ON o.id = u.team WHERE m.organization_id <> o.tenant',
    );
    expect(others).toEqual({ n: 0 });
  });

  test('are stamped anew in the insert and update of an application that may not read the rule’s table', async () => {
    const it = await fresh();
    await it.expand();
    await expect(it.app('SELECT FROM owners')).rejects.toThrow(/permission denied/);
    await it.app(
      `INSERT INTO letters (id, owner_id) VALUES (9001, 1), (9002, 2), (9003, 777)`,
      `UPDATE letters SET owner_id = 2 WHERE id = 9001`,
      `UPDATE letters SET body = 'same owner' WHERE id = 9002`,
    );
    await sql(
      it.database.urls.superuser,
      'SET session_replication_role = replica',
      `INSERT INTO public.letters (id, owner_id) VALUES (9004, 1)`,
    );
    expect(await it.owner('SELECT id::int, client_id FROM letters WHERE id > 9000 ORDER BY 1')).toEqual([
      { id: 9001, client_id: ACME },
      { id: 9002, client_id: ACME },
      { id: 9003, client_id: null },
      { id: 9004, client_id: BOLT },
    ]);
    const [counter] = await it.owner('SELECT last_value::int AS n FROM cutover_forgotten_letters_client_id');
    expect(counter).toEqual({ n: 4 });
  });

  test('go on after a worker lost between two windows, and none is stamped twice', async () => {
    const it = await fresh(12_000);
    await it.expand();
    const holder = new Client({ connectionString: it.database.urls.app });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query(`UPDATE letters SET body = 'held' WHERE id = 7000`);
    const lost = it.run.do(it.step('backfill/stamp-letters')).then(
      () => 'done',
      () => 'lost',
    );
    await until(async () => (await stampedRows(it)) === 5_000);
    await sql(
      it.database.urls.superuser,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'cutover'`,
    );
    expect(await lost).toBe('lost');
    const versions = 'SELECT sum(xmin::text::bigint) AS sum FROM letters WHERE id <= 5000';
    const first = await it.owner(versions);
    await holder.query('COMMIT');
    await holder.end();
    const evidence = await it.run.do(it.step('backfill/stamp-letters'));
    expect(evidence).toMatchObject({ verdict: 'pass', figures: { predicted: 12_000, stamped: 7_000 } });
    expect(await it.owner(versions)).toEqual(first);
  });

  test.each([
    ['no index', 'ALTER TABLE owners DROP CONSTRAINT owners_pkey', /has no index that begins with it/],
    ['no such column', 'ALTER TABLE owners RENAME tenant TO other', /owners\.tenant, which is not there/],
    [
      'another type',
      'ALTER TABLE owners ALTER tenant TYPE text',
      /owners\.tenant, which is text, and client_id is uuid/,
    ],
    [
      'nothing to compare',
      'ALTER TABLE letters ALTER owner_id TYPE text',
      /letters\.owner_id and public\.owners\.id do not/,
    ],
    ['no right to read', 'ALTER TABLE owners OWNER TO postgres', /may not read what the rule looks up/],
  ])('are refused a rule whose trigger would hurt the application: %s', async (_, spoil, said) => {
    const it = await fresh();
    await sql(it.database.urls.superuser, spoil);
    for (const id of ['expand/table-organizations', 'expand/registry']) await it.run.do(it.step(id));
    await expect(it.run.do(it.step('expand/key-letters'))).rejects.toMatchObject({
      type: 'Refused',
      message: expect.stringMatching(said) as string,
    });
    expect(await it.owner(`SELECT FROM pg_attribute WHERE attname = 'client_id'`)).toEqual([]);
  });

  test('are stamped no more once contract has dropped it, and the application may name the tenant as it likes', async () => {
    const it = await fresh();
    for (const phase of ['expand', 'backfill', 'validate', 'cutover'] as const)
      await (phase === 'expand' ? it.expand() : it.phase(phase));
    const args = { ...(await retiring(it)), stillForMs: 0 };
    const retire = it.step('contract/retire') as unknown as StepToRun<'retire'>;
    expect(await it.run.do({ ...retire, args })).toMatchObject({ verdict: 'pass' });
    await it.app(`UPDATE letters SET owner_id = 2 WHERE id = 2`);
    expect(await it.owner('SELECT client_id FROM letters WHERE id = 2')).toEqual([{ client_id: BOLT }]);
    expect(await it.owner(`SELECT tgname FROM pg_trigger WHERE tgname LIKE 'zz_cutover%'`)).toEqual([]);
  });

  test('go through the whole plan while the application writes, and back again with the schema as it was', async () => {
    const it = await fresh(8_000);
    const before = await dumpSchema(it.database.urls.superuser);
    const application = await OldApplication.start(it.database.urls.app);
    await it.expand();
    await it.phase('backfill');
    await it.phase('validate');
    await it.phase('cutover');
    await application.stop();
    expect(application.errors).toEqual([]);
    expect(application.written).toBeGreaterThan(20);
    expect(await astray(it)).toEqual(NONE_ASTRAY);

    // The new application says itself whose a row is, and is not refused for an owner that the rule does not know.
    await it.app(
      `UPDATE letters SET client_id = '${ACME}' WHERE id = 2`,
      `UPDATE letters SET owner_id = 777 WHERE id = 4`,
      `UPDATE letters SET owner_id = 2 WHERE id = 6`,
    );
    expect(await it.owner('SELECT id::int, client_id AS of FROM letters WHERE id IN (2, 4, 6) ORDER BY 1')).toEqual([
      { id: 2, of: ACME },
      { id: 4, of: BOLT },
      { id: 6, of: ACME },
    ]);
    await expect(it.app(`INSERT INTO letters (owner_id) VALUES (777)`)).rejects.toThrow(/null value in column/);

    await it.back('cutover');
    await it.app(`INSERT INTO letters (owner_id) VALUES (777)`);
    await it.back('validate', 'backfill', 'expand');
    expect(await dumpSchema(it.database.urls.superuser)).toBe(before);
    // Answers stay with the tenant that they were written for when their letter moves.
    expect(
      await it.tool(
        `SELECT table_name AS of, pk ->> 'id' AS id, value ->> 'client_id' AS was FROM cutover.archive WHERE table_name IN ('public.letters', 'public.answers', 'public.notes') ORDER BY 1, 2`,
      ),
    ).toEqual([
      { of: 'public.answers', id: '2', was: BOLT },
      { of: 'public.answers', id: '6', was: BOLT },
      { of: 'public.letters', id: '2', was: ACME },
      { of: 'public.letters', id: '4', was: BOLT },
    ]);
    expect(await it.owner(`SELECT count(*)::int AS n FROM letters WHERE owner_id = 777`)).toEqual([{ n: 2 }]);
  });
});

function preflightArgs({ plan }: Awaited<ReturnType<typeof compiled>>): StepArgs['preflight'] {
  const [step] = plan.steps.flatMap((s) => (s.kind === 'preflight' ? [s] : []));
  if (!step) throw new Error('The plan has no preflight.');
  return step.args;
}

/** As if observe had begun now: what it captures, and where. */
async function retiring(it: Ruled): Promise<Pick<StepArgs['retire'], 'tables' | 'baseline'>> {
  const { tables } = (it.step('contract/retire') as unknown as StepToRun<'retire'>).args;
  await using session = await openSession({ url: it.database.urls.cutover, applicationName: 'cutover/test' });
  const forgotten = await readForgotten(session, tables);
  await session.execute(
    `INSERT INTO cutover.capture (run_id, step, name, value) VALUES ($1, 'observe/probes', 'forgotten', $2)`,
    [it.run.ref.id, JSON.stringify(forgotten)],
  );
  return { tables, baseline: { step: 'observe/probes', name: 'forgotten' } };
}

async function stampedRows(it: Ruled): Promise<number> {
  const [row] = await it.owner('SELECT count(client_id)::int AS n FROM letters');
  return Number(row?.n);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('It did not become true within 60 s.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
