import { Client } from 'pg';
import { startBackupServer, type BackupServer } from '../../support/backup-server';
import {
  key,
  legacy,
  members,
  memberships,
  organizations,
  registry,
  table,
  type Legacy,
} from '../../support/pg-legacy';
import { TestRun } from '../../support/pg-run';

jest.setTimeout(120_000);

describe('new tables, the default tenant and the members', () => {
  let server: BackupServer;
  let names = 0;

  beforeAll(async () => {
    server = await startBackupServer();
  });
  afterAll(async () => server.close());

  const fresh = (): Promise<Legacy> => legacy(server, `tables_${names++}`);

  test('a table belongs to the owner of the application’s tables, not to the tool, and a second time changes nothing', async () => {
    const it = await fresh();
    expect((await it.run.do(organizations())).verdict).toBe('pass');
    expect((await it.run.do(organizations())).verdict).toBe('pass');
    expect(await it.owner(`SELECT tableowner FROM pg_tables WHERE tablename = 'organizations'`)).toEqual([
      { tableowner: 'owner' },
    ]);
    expect(await it.app(`INSERT INTO organizations (name, slug) VALUES ('a', 'a') RETURNING name`)).toEqual([
      { name: 'a' },
    ]);
  });

  test('a table that was there before the run is refused, and left alone by the undo', async () => {
    const it = await fresh();
    await it.owner(
      'CREATE TABLE organizations (id uuid PRIMARY KEY)',
      `COMMENT ON TABLE organizations IS 'of somebody'`,
    );
    await expect(it.run.do(organizations())).rejects.toMatchObject({
      type: 'Refused',
      message: expect.stringContaining('of somebody') as string,
    });
    expect((await it.run.undo(organizations())).summary).toContain('was not made by this run');
    expect(await it.owner('SELECT count(*)::int AS n FROM organizations')).toEqual([{ n: 0 }]);
  });

  test('a file that ends the transaction, or creates another table than it says, changes nothing', async () => {
    const it = await fresh();
    await expect(it.run.do(table('public.a', 'CREATE TABLE public.a (i int); COMMIT'))).rejects.toMatchObject({
      type: 'Misconfigured',
    });
    await expect(it.run.do(table('public.a', 'CREATE TABLE public.b (i int)'))).rejects.toMatchObject({
      type: 'Refused',
    });
    expect(await it.owner(`SELECT to_regclass('a') AS a, to_regclass('b') AS b`)).toEqual([{ a: null, b: null }]);
  });

  test('a table is undone with every row in the archive, to the last value', async () => {
    const it = await fresh();
    const odd = table(
      'public.odd',
      `CREATE TYPE public.mood AS ENUM ('a', 'b'); CREATE TABLE public.odd (a text, b timestamptz, m public.mood, n numeric, x bytea, i interval, p point, j json, PRIMARY KEY (a, b))`,
    );
    await it.run.do(odd);
    await it.app(
      `INSERT INTO odd SELECT 'k' || g, timestamptz '2025-01-01 00:00:00.123456+00' + g * interval '1 s', 'b', 10000000000000000000.10, '\\x00ff', '1 mon', '(1,2)', '{"a":1}' FROM generate_series(1, 25000) g`,
    );
    expect(await it.run.undo(odd)).toMatchObject({ verdict: 'pass', figures: { archivedRows: 25_000 } });
    const [row] = await it.tool(
      `SELECT pk, value ->> 'n' AS n, value ->> 'x' AS x FROM cutover.archive WHERE table_name = 'public.odd' AND pk ->> 'a' = 'k7'`,
    );
    expect(row).toEqual({
      pk: { a: 'k7', b: '2025-01-01T00:00:07.123456+00:00' },
      n: '10000000000000000000.10',
      x: '\\x00ff',
    });
  });

  test('a table without primary key is undone too', async () => {
    const it = await fresh();
    const log = table('public.log', 'CREATE TABLE public.log (line text)');
    await it.run.do(log);
    await it.app(`INSERT INTO log VALUES ('same'), ('same')`);
    expect(await it.run.undo(log)).toMatchObject({ verdict: 'pass', figures: { archivedRows: 2 } });
  });

  test('while a table is archived nobody writes to it, but a user can still be deleted', async () => {
    const it = await fresh();
    for (const step of [organizations(), memberships()]) await it.run.do(step);
    await it.run.do(registry());
    await it.run.do(key('public.users'));
    await it.run.do(members());
    await it.owner('CREATE VIEW in_the_way AS SELECT * FROM user_organizations');
    await it.run.undo(members());
    await expect(it.run.undo(memberships())).rejects.toMatchObject({
      type: 'Refused',
      message: expect.stringContaining('in_the_way') as string,
    });

    await expect(it.app(`UPDATE user_organizations SET role = 'admin'`)).rejects.toMatchObject({ code: '25006' });
    await expect(it.app('DELETE FROM user_organizations')).rejects.toMatchObject({ code: '25006' });
    await expect(it.owner('TRUNCATE user_organizations')).rejects.toMatchObject({ code: '25006' });
    await it.app(
      'DELETE FROM users WHERE id = (SELECT id FROM users u WHERE NOT EXISTS (SELECT FROM uploads WHERE user_id = u.id) AND NOT EXISTS (SELECT FROM email_logs WHERE user_id = u.id) LIMIT 1)',
    );

    await it.owner('DROP VIEW in_the_way');
    expect((await it.run.undo(memberships())).verdict).toBe('pass');
  });

  test('the default tenant keeps its id through a retry, and a later run takes it from the archive', async () => {
    const it = await fresh();
    await it.run.do(organizations());
    const id = (await it.run.do(registry())).figures?.tenant;
    await it.owner('DELETE FROM organizations');
    expect((await it.run.do(registry())).figures?.tenant).toBe(id);
    await it.run.undo(registry());
    await it.run.undo(organizations());

    await it.tool(`UPDATE cutover.claim SET run_id = NULL`);
    const later = new TestRun(it.database.home, { ...it.run.ref, id: 'phase-1.89abcdef' });
    await later.claim();
    await later.do(organizations());
    const again = await later.do(registry());
    expect(again.figures?.tenant).toBe(id);
    expect(again.summary).toContain('as in the archive of run phase-1.0123abcd');
  });

  test('the default tenant is refused where its name is taken, or its slug is not unique', async () => {
    const it = await fresh();
    await it.run.do(organizations());
    await it.app(`INSERT INTO organizations (name, slug) VALUES ('Default', 'other')`);
    await expect(it.run.do(registry())).rejects.toMatchObject({
      type: 'Refused',
      message: expect.stringContaining('stands in the way') as string,
    });
    await it.owner('ALTER TABLE organizations DROP CONSTRAINT organizations_slug_key');
    await expect(it.run.do(registry())).rejects.toMatchObject({
      type: 'Refused',
      message: expect.stringContaining('no unique constraint on slug') as string,
    });
  });

  test('no user is missed, whether he was there, comes meanwhile in an open transaction, or comes later', async () => {
    const it = await fresh();
    for (const step of [organizations(), memberships()]) await it.run.do(step);
    await it.run.do(registry());
    await it.run.do(key('public.users'));
    const slow = new Client({ connectionString: it.database.urls.app });
    await slow.connect();
    await slow.query(`BEGIN; INSERT INTO users (email, display_name) VALUES ('meanwhile@example.com', 'm')`);
    const joining = it.run.do(members());
    await new Promise((resolve) => setTimeout(resolve, 400));
    await slow.query('COMMIT');
    await slow.end();
    const evidence = await joining;
    await it.app(`INSERT INTO users (email, display_name) VALUES ('later@example.com', 'l')`);
    expect(evidence).toMatchObject({ verdict: 'pass', figures: { users: 6, joined: 6 } });
    const [missing] = await it.owner(
      'SELECT count(*)::int AS n FROM users u WHERE NOT EXISTS (SELECT FROM user_organizations m WHERE m.user_id = u.id)',
    );
    expect(missing).toEqual({ n: 0 });
    expect(await it.run.do(members())).toMatchObject({ verdict: 'pass', figures: { joined: 0 } });
  });

  test('members are refused where a user could be joined twice', async () => {
    const it = await fresh();
    await it.run.do(organizations());
    await it.run.do(
      table(
        'public.user_organizations',
        'CREATE TABLE public.user_organizations (user_id uuid, organization_id uuid, role text)',
      ),
    );
    await it.run.do(registry());
    await it.run.do(key('public.users'));
    await expect(it.run.do(members())).rejects.toMatchObject({
      type: 'Refused',
      message: expect.stringContaining('UNIQUE (user_id, organization_id)') as string,
    });
  });
});
