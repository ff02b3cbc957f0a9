import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { collectFacts } from '../../../activities/postgres/facts';
import { withLink } from '../../../activities/postgres/link';
import { backupStep } from '../../../activities/postgres/steps/backup';
import { preflightStep } from '../../../activities/postgres/steps/preflight';
import type { PostgresTarget } from '../../../activities/resources';
import type { Check, Evidence } from '../../../src/core/evidence';
import type { PreflightArgs } from '../../../src/core/preflight-args';
import type { StepOf } from '../../../src/core/step';
import type { Facts, FactsInput } from '../../../src/core/verb';
import { Captures, resourcesOf, RUN, testContext } from '../../support/backup-context';
import { run, startBackupServer, type BackupDatabase, type BackupServer } from '../../support/backup-server';

jest.setTimeout(60_000);

let server: BackupServer;
let db: BackupDatabase;

beforeAll(async () => {
  server = await startBackupServer();
  db = await server.database('preflight', 2_000);
}, 60_000);

afterAll(async () => server.close());

const TABLES = [
  'users',
  'uploads',
  'sellout_entries2',
  'products',
  'processing_logs',
  'transform_logs',
  'email_logs',
].map((t) => `public.${t}`);
const FLAG = {
  table: 'public.app_settings',
  keyColumn: 'key',
  valueColumn: 'value',
  key: 'tenancy',
  to: 'on',
} as const;
const ARGS: PreflightArgs = {
  tables: TABLES,
  column: 'client_id',
  type: 'uuid',
  creates: [
    'public.organizations',
    'public.user_organizations',
    'public.idx_products_client_ean',
    'public.validate_client_access',
  ],
  flag: FLAG,
  scratch: 'scratch',
  store: 'backups',
  maxTransactionAgeMs: 1_000,
  watch: [{ name: 'newest uploads', sql: 'SELECT id FROM public.uploads ORDER BY created_at DESC LIMIT 10' }],
};

const captures = new Captures();

async function preflight(args: Partial<PreflightArgs> = {}, of: Partial<BackupDatabase> = {}): Promise<Evidence> {
  const all = { ...db, ...of };
  const resources = resourcesOf({ targets: [all.home, all.scratch], storeDir: all.storeDir, bin: all.bin });
  return preflightStep(resources).do(
    testContext({ kind: 'preflight', id: 'preflight/claim', args: { ...ARGS, ...args }, home: all.home, captures }),
  );
}

function failing(evidence: Evidence): readonly Check[] {
  return evidence.checks.filter((c) => c.verdict !== 'pass');
}

function warnings(evidence: Evidence): string {
  return Object.entries(evidence.figures ?? {})
    .filter(([name]) => name.startsWith('warning '))
    .map(([, text]) => text)
    .join('\n');
}

/** Changes the database as owner, looks, and changes it back. */
async function whileChanged(change: string, back: string, args: Partial<PreflightArgs> = {}): Promise<Evidence> {
  await run(db.urls.owner, change);
  try {
    return await preflight(args);
  } finally {
    await run(db.urls.owner, back);
  }
}

it('the legacy database of runbook 003 passes, with its figures and baselines', async () => {
  const evidence = await preflight();
  expect(failing(evidence)).toEqual([]);
  expect(evidence.figures).toMatchObject({ rows: 2_000, role: 'cutover', 'rows public.users': 10 });
  expect(warnings(evidence)).toContain('public.users_email_key is unique over all tenants');
  expect(captures.read('preflight/claim', 'flag')).toEqual({ existed: true, value: 'off' });
  expect(captures.read('preflight/claim', 'watch:newest uploads')).toMatchObject({
    owner: { rows: 10, columns: ['id'], plan: expect.arrayContaining(['Sort', 'Seq Scan on public.uploads']) },
    app: { rows: 10, access: { 'public.uploads': 'scan' } },
  });
}, 60_000);

it('FORCE ROW LEVEL SECURITY stops the run and the table is named', async () => {
  const evidence = await whileChanged(
    'ALTER TABLE public.users ENABLE ROW LEVEL SECURITY; ALTER TABLE public.users FORCE ROW LEVEL SECURITY',
    'ALTER TABLE public.users NO FORCE ROW LEVEL SECURITY; ALTER TABLE public.users DISABLE ROW LEVEL SECURITY',
  );
  expect(failing(evidence)).toEqual([
    expect.objectContaining({
      name: 'FORCE ROW LEVEL SECURITY',
      observed: expect.stringMatching(/^public\.users has it.*ALTER TABLE public\.users NO FORCE ROW LEVEL SECURITY/),
    }),
  ]);
});

it('a long transaction is named by pid, age, state and query, without its values', async () => {
  const client = new Client({ connectionString: db.urls.app, application_name: 'reporting' });
  await client.connect();
  await client.query('BEGIN');
  const { rows } = await client.query<{ pid: number }>(
    `SELECT pg_backend_pid() AS pid, 'top secret' AS value, pg_sleep(0.3)`,
  );
  const evidence = await preflight({ maxTransactionAgeMs: 200 });
  await client.end();
  expect(failing(evidence)).toEqual([
    expect.objectContaining({
      name: 'long transactions',
      observed: expect.stringMatching(
        new RegExp(
          `pid ${rows[0]?.pid} \\(reporting, app\\), open for [\\d.]+ s, idle in transaction: SELECT pg_backend_pid`,
        ),
      ),
    }),
  ]);
  expect(JSON.stringify(evidence)).not.toContain('top secret');
});

describe.each([
  [
    'a table that is not there',
    'SELECT 1',
    'SELECT 1',
    { tables: [...TABLES, 'public.absent'] },
    'tables',
    'public.absent does not exist',
  ],
  [
    'a view',
    'CREATE VIEW public.v AS SELECT 1 AS id',
    'DROP VIEW public.v',
    { tables: ['public.v'] },
    'ordinary tables',
    'public.v is a view',
  ],
  [
    'a partition',
    'CREATE TABLE public.p (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE public.p1 PARTITION OF public.p FOR VALUES FROM (0) TO (9)',
    'DROP TABLE public.p',
    { tables: ['public.p1'] },
    'ordinary tables',
    'public.p1 is a partition of another table',
  ],
  [
    'a table without primary key',
    'CREATE TABLE public.keyless (id int)',
    'DROP TABLE public.keyless',
    { tables: ['public.keyless'] },
    'primary keys',
    'public.keyless has none',
  ],
  [
    'a column of another type',
    'ALTER TABLE public.products ADD COLUMN client_id text',
    'ALTER TABLE public.products DROP COLUMN client_id',
    {},
    'column client_id',
    'public.products has a column of this name of type text',
  ],
  [
    'a name that is taken',
    'CREATE TABLE public.organizations (id int)',
    'DROP TABLE public.organizations',
    {},
    'new names',
    'public.organizations is a table already',
  ],
  [
    'what an earlier run left',
    `CREATE TABLE public.organizations (id int); COMMENT ON TABLE public.organizations IS 'cutover other-plan.00000000 expand/table'`,
    'DROP TABLE public.organizations',
    {},
    'new names',
    'left over from run other-plan.00000000',
  ],
  [
    'a function that is taken',
    `CREATE FUNCTION public.validate_client_access() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
    'DROP FUNCTION public.validate_client_access',
    {},
    'new names',
    'public.validate_client_access is a function already',
  ],
  [
    'a flag that is thrown already',
    'SELECT 1',
    'SELECT 1',
    { flag: { ...FLAG, to: 'off' } },
    'flag',
    'it is off already',
  ],
  [
    'a flag that nobody has set',
    'SELECT 1',
    'SELECT 1',
    { flag: { ...FLAG, key: 'tenantcy' } },
    'flag',
    '0 rows of public.app_settings',
  ],
  [
    'a watch query that fails',
    'SELECT 1',
    'SELECT 1',
    { watch: [{ name: 'w', sql: 'SELECT nothing FROM public.users' }] },
    'watch queries',
    '"w" fails',
  ],
] as const)('stopped and named: %s', (_what, change, back, args, name, text) => {
  it(text, async () => {
    const evidence = await whileChanged(change, back, args);
    expect(failing(evidence).map((c) => c.name)).toEqual([name]);
    expect(failing(evidence)[0]?.observed).toContain(text);
  });
});

it('an INVALID index is named with the statement that removes it', async () => {
  await run(
    db.urls.owner,
    'CREATE TABLE public.twice (id int PRIMARY KEY, v int)',
    'INSERT INTO public.twice VALUES (1, 1), (2, 1)',
  );
  await run(db.urls.owner, 'CREATE UNIQUE INDEX CONCURRENTLY twice_v ON public.twice (v)').catch(() => undefined);
  const evidence = await preflight({ tables: ['public.twice'] });
  await run(db.urls.owner, 'DROP TABLE public.twice');
  expect(failing(evidence)[0]).toMatchObject({
    name: 'INVALID indexes',
    observed: expect.stringContaining('DROP INDEX CONCURRENTLY public.twice_v'),
  });
});

it('a prepared transaction and a backend of an earlier run are named', async () => {
  await run(
    db.urls.app,
    'BEGIN',
    `INSERT INTO public.products (ean, name) VALUES ('1', 'x')`,
    `PREPARE TRANSACTION 'forgotten'`,
  );
  const old = new Client({ connectionString: db.urls.cutover, application_name: 'cutover/other-plan.00000000/7' });
  await old.connect();
  const evidence = await preflight();
  await old.end();
  await run(db.urls.app, `ROLLBACK PREPARED 'forgotten'`);
  expect(failing(evidence).map((c) => c.name)).toEqual(['prepared transactions', 'earlier runs']);
  expect(failing(evidence)[1]?.observed).toContain('cutover/other-plan.00000000/7');
});

it('a SELECT * and a trigger that the sweep would fire are shown to the approvers', async () => {
  const reader = new Client({ connectionString: db.urls.app });
  await reader.connect();
  await reader.query('SELECT * FROM public.products LIMIT 1');
  const evidence = await whileChanged(
    `CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER touch BEFORE UPDATE ON public.uploads FOR EACH ROW EXECUTE FUNCTION public.touch()`,
    'DROP FUNCTION public.touch CASCADE',
  );
  await reader.end();
  expect(evidence.verdict).toBe('pass');
  expect(warnings(evidence)).toMatch(/SELECT \* is in use \(SELECT \* FROM public\.products LIMIT \?\)/);
  expect(warnings(evidence)).toContain('trigger touch on public.uploads fires');
});

describe('rights', () => {
  it('without pg_read_all_stats the run is refused: ages of others would read null', async () => {
    const superuser = server.server.superuserUrl;
    await run(superuser, 'REVOKE pg_read_all_stats FROM cutover');
    const evidence = await preflight();
    await run(superuser, 'GRANT pg_read_all_stats TO cutover');
    expect(failing(evidence).map((c) => c.name)).toContain('pg_read_all_stats');
  });

  it('a role that is no member of the owner is told what to grant', async () => {
    const superuser = server.server.superuserUrl;
    await run(superuser, 'REVOKE owner FROM cutover');
    const evidence = await preflight({ watch: [], flag: undefined });
    await run(superuser, 'GRANT owner TO cutover');
    expect(failing(evidence).map((c) => c.name)).toEqual(
      expect.arrayContaining(["member of the tables' owners", 'every table readable']),
    );
    expect(failing(evidence)[0]?.observed).toContain('GRANT owner TO cutover');
  });

  it('what the role may not look at is a finding, and every other question is asked all the same', async () => {
    await run(db.urls.superuser, 'CREATE SCHEMA closed; CREATE TABLE closed.tenants (id int PRIMARY KEY)');
    const evidence = await preflight({
      tables: [...TABLES, 'closed.tenants'],
      adopts: [
        {
          table: 'closed.tenants',
          create: 'CREATE TABLE closed.tenants (id int PRIMARY KEY)',
          file: 'sql/t.sql',
          needs: { fills: [], unique: [['id']] },
        },
      ],
    });
    await run(db.urls.superuser, 'DROP SCHEMA closed CASCADE');
    expect(failing(evidence)).toContainEqual(
      expect.objectContaining({ name: 'rights to look', observed: expect.stringContaining('schema closed') }),
    );
    expect(evidence.checks.map((c) => c.name)).toEqual(expect.arrayContaining(['scratch', 'flag', 'watch queries']));
  });

  it('a table that the backup could not read is named, whoever owns it', async () => {
    await run(db.urls.superuser, 'CREATE TABLE public.hidden (id int PRIMARY KEY)');
    const evidence = await preflight();
    await run(db.urls.superuser, 'DROP TABLE public.hidden');
    expect(failing(evidence)).toEqual([
      expect.objectContaining({
        name: 'every table readable',
        observed: expect.stringContaining('public.hidden cannot be read by cutover'),
      }),
      expect.objectContaining({
        name: 'scratch',
        observed: expect.stringContaining('no member of postgres, who own something in the backup (public.hidden)'),
      }),
    ]);
  });

  it('an application that connects as the owner is found out', async () => {
    const evidence = await preflight({}, { home: { ...db.home, probeAs: () => db.urls.owner } });
    expect(failing(evidence)).toEqual([
      expect.objectContaining({
        name: 'application role',
        observed: expect.stringContaining('owner owns, or is a member of the owner of, '),
      }),
    ]);
  });
});

describe('scratch', () => {
  it('a range type of the application is no objection: its constructors belong to the first superuser', async () => {
    const evidence = await whileChanged(
      'CREATE TYPE public.span_of_money AS RANGE (subtype = numeric)',
      'DROP TYPE public.span_of_money',
    );
    expect(failing(evidence)).toEqual([]);
  });

  const scratch = (url: string): PostgresTarget => ({ kind: 'postgres', name: 'scratch', url: () => url });

  it('that is the live database is refused', async () => {
    expect(failing(await preflight({}, { scratch: scratch(db.urls.cutover) }))[0]?.observed).toContain(
      '"scratch" and "app" are the same database',
    );
  });

  it('that cannot be reached is named, its password is not', async () => {
    const gone = new URL(db.urls.scratch);
    gone.port = '1';
    const evidence = await preflight({}, { scratch: scratch(gone.toString()) });
    expect(failing(evidence)).toEqual([
      expect.objectContaining({ name: 'scratch', observed: expect.stringContaining('the target "scratch"') }),
    ]);
    expect(JSON.stringify(evidence)).not.toContain(gone.password);
  });
});

describe('facts', () => {
  const freeze = {
    id: 'cutover/freeze',
    phase: 'cutover',
    kind: 'freeze',
    target: 'app',
    title: 'freeze',
    args: { mode: 'queue', tables: [], switch: FLAG, budgetMs: 2_000, stallMs: 100, patienceMs: 60_000 },
  } satisfies StepOf<'freeze'>;

  async function facts(more: Partial<FactsInput> = {}): Promise<Facts> {
    const resources = resourcesOf({ targets: [db.home, db.scratch], storeDir: db.storeDir, bin: db.bin });
    const input: FactsInput = { run: RUN, phase: 'cutover', tables: [...TABLES, 'public.organizations'], ...more };
    return withLink(db.home, { applicationName: 'cutover/test-plan.0123abcd/facts', readOnly: true }, (session) =>
      collectFacts(resources, input, session),
    );
  }

  it('are the same twice in under a second, and differ by name when the catalog or the flag does', async () => {
    const from = performance.now();
    const before = await facts({ freeze });
    expect(performance.now() - from).toBeLessThan(1_000);
    expect(await facts({ freeze })).toMatchObject({ material: before.material });
    await run(
      db.urls.owner,
      'ALTER TABLE public.users ALTER COLUMN display_name DROP NOT NULL',
      `UPDATE public.app_settings SET value = 'maybe' WHERE key = 'tenancy'`,
    );
    const after = await facts({ freeze });
    await run(
      db.urls.owner,
      'ALTER TABLE public.users ALTER COLUMN display_name SET NOT NULL',
      `UPDATE public.app_settings SET value = 'off' WHERE key = 'tenancy'`,
    );
    const changed = Object.keys(after.material).filter((name) => after.material[name] !== before.material[name]);
    expect(changed).toEqual(['catalog', 'switch']);
    expect((await facts({ freeze })).material).toEqual(before.material);
    expect(before.shown).toMatchObject({
      tables: expect.stringContaining('public.sellout_entries2 ~'),
      predictedHold: '3 ms of 2000 ms',
    });
  });

  it('name the backup that is bound to the decision, and whether it is young enough', async () => {
    await run(
      db.urls.cutover,
      'CREATE SCHEMA cutover',
      'CREATE TABLE cutover.capture (run_id text, step text, name text, value jsonb)',
    );
    const input = { backupStep: 'backup/dump', backupMaxAgeMs: 60_000 };
    expect((await facts(input)).material).toMatchObject({ backup: 'none', backupYoungEnough: 'no' });
    const own = new Captures();
    const resources = resourcesOf({ targets: [db.home], storeDir: db.storeDir, bin: db.bin });
    await backupStep(resources).do(
      testContext({
        kind: 'backup',
        id: 'backup/dump',
        args: { store: 'backups', exclude: [] },
        home: db.home,
        captures: own,
      }),
    );
    for (const [key, value] of own.values) {
      const [step, name] = key.split('\n');
      await run(
        db.urls.cutover,
        `INSERT INTO cutover.capture VALUES ('${RUN.id}', '${step}', '${name}', '${JSON.stringify(value)}')`,
      );
    }
    expect((await facts(input)).material).toMatchObject({
      backup: expect.stringMatching(/^backup-dump-1 [0-9a-f]{64}$/),
      backupYoungEnough: 'yes',
    });
    expect((await facts({ ...input, backupMaxAgeMs: 0 })).material).toMatchObject({ backupYoungEnough: 'no' });
    await rm(join(db.storeDir, RUN.plan, RUN.id, 'backup-dump-1', 'database.dump'));
    expect((await facts(input)).material).toMatchObject({
      backup: 'backup-dump-1: its dump is not whole any more',
      backupYoungEnough: 'no',
    });
    await run(db.urls.cutover, 'DROP SCHEMA cutover CASCADE');
  });
});
