import { run as sql, startBackupServer, type BackupServer } from '../../support/backup-server';
import { key, legacy, organizations, registry, type Legacy } from '../../support/pg-legacy';
import type { StepToRun } from '../../support/pg-run';
import { dumpSchema } from '../../support/schema-dump';

jest.setTimeout(120_000);

const OTHER = '11111111-1111-1111-1111-111111111111';

describe('the tenant key of a table', () => {
  let server: BackupServer;
  let names = 0;

  beforeAll(async () => {
    server = await startBackupServer();
  });
  afterAll(async () => server.close());

  const prepared = async (): Promise<Legacy> => {
    const it = await legacy(server, `key_${names++}`);
    await it.run.do(organizations());
    await it.run.do(registry());
    return it;
  };

  test('is filled in every row without rewriting the table, and a second time changes nothing', async () => {
    const it = await prepared();
    const first = await it.run.do(key('public.products'));
    const again = await it.run.do(key('public.products'));
    expect([first.verdict, again.verdict]).toEqual(['pass', 'pass']);
    expect(again.summary).toContain('was there from an earlier attempt');
    const [found] = await it.owner(
      `SELECT count(*) FILTER (WHERE client_id IS NULL)::int AS nulls, count(DISTINCT client_id)::int AS tenants FROM products`,
    );
    expect(found).toEqual({ nulls: 0, tenants: 1 });
    await it.owner('CREATE TABLE nothing_yet (id integer PRIMARY KEY)');
    expect((await it.run.do(key('public.nothing_yet'))).verdict).toBe('pass');
  });

  test('is stamped into rows that come without it, also by a role without rights, also under session_replication_role = replica, and counted', async () => {
    const it = await prepared();
    await it.run.do(key('public.products'));
    await it.app(`INSERT INTO products (ean, name) VALUES ('forgets', 'a'), ('forgets', 'b')`);
    await it.app(`INSERT INTO products (ean, name, client_id) VALUES ('knows', 'c', '${OTHER}')`);
    await sql(
      it.database.urls.superuser,
      'SET session_replication_role = replica',
      `INSERT INTO public.products (ean, name) VALUES ('forgets', 'd')`,
    );
    const found = await it.owner(
      `SELECT ean, client_id = (SELECT id FROM organizations) AS stamped, count(*)::int AS n FROM products WHERE ean IN ('forgets', 'knows') GROUP BY 1, 2 ORDER BY 1`,
    );
    expect(found).toEqual([
      { ean: 'forgets', stamped: true, n: 3 },
      { ean: 'knows', stamped: false, n: 1 },
    ]);
    const [counter] = await it.owner('SELECT last_value::int AS n FROM cutover_forgotten_products_client_id');
    expect(counter).toEqual({ n: 3 });
  });

  test('refuses a column of that name that somebody else made, and its undo leaves it alone', async () => {
    const it = await prepared();
    await it.owner('ALTER TABLE products ADD COLUMN client_id uuid');
    await expect(it.run.do(key('public.products'))).rejects.toMatchObject({
      type: 'Refused',
      message: expect.stringContaining('has a column client_id already') as string,
    });
    const undone = await it.run.undo(key('public.products'));
    expect(undone.summary).toContain('was not made by this run');
    expect(await it.owner(`SELECT client_id FROM products LIMIT 1`)).toEqual([{ client_id: null }]);
  });

  test('refuses a type that would rewrite the table, a type that does not exist, a view, and a table without primary key', async () => {
    const it = await prepared();
    await it.owner(
      `CREATE DOMAIN picky AS uuid CHECK (VALUE IS NOT NULL)`,
      'CREATE VIEW a_view AS SELECT 1 AS one',
      'CREATE TABLE keyless (a integer)',
    );
    const message = async (step: StepToRun<'key'>): Promise<string> =>
      it.run.do(step).then(
        () => 'passed',
        (error: Error) => error.message,
      );
    expect(await message(key('public.products', 'public.picky'))).toMatch(/rewrites the table/);
    expect(await message(key('public.uploads', 'uuuid'))).toMatch(/is not a type/);
    expect(await message(key('public.a_view'))).toMatch(/not an ordinary table/);
    expect(await message(key('public.keyless'))).toMatch(/has no primary key/);
    expect(await it.owner(`SELECT attrelid FROM pg_attribute WHERE attname = 'client_id'`)).toEqual([]);
  });

  test('when undone, is archived where it differs from the rule, and nothing of it remains', async () => {
    const it = await prepared();
    const before = await dumpSchema(it.database.urls.superuser);
    await it.run.do(key('public.transform_logs'));
    await it.owner('ALTER TABLE transform_logs ALTER COLUMN client_id SET NOT NULL');
    await it.app(`UPDATE transform_logs SET client_id = '${OTHER}' WHERE id <= 20`);
    const undone = await it.run.undo(key('public.transform_logs'));
    expect(undone).toMatchObject({ verdict: 'pass', figures: { archivedRows: 20, ruleRows: 30 } });
    expect(await dumpSchema(it.database.urls.superuser)).toBe(before);
    const archived = await it.tool(
      `SELECT pk, value FROM cutover.archive WHERE table_name = 'public.transform_logs' ORDER BY (pk ->> 'id')::int LIMIT 1`,
    );
    expect(archived).toEqual([{ pk: { id: 1 }, value: { client_id: OTHER } }]);
    expect((await it.run.undo(key('public.transform_logs'))).verdict).toBe('pass');
  });

  test('cannot be written any more from the first act of the undo on, whoever tries, while rows go on being written', async () => {
    const it = await prepared();
    await it.run.do(key('public.products'));
    await it.owner('ALTER TABLE products ALTER COLUMN client_id SET NOT NULL');
    await it.owner('CREATE VIEW in_the_way AS SELECT client_id FROM products');
    await expect(it.run.undo(key('public.products'))).rejects.toMatchObject({
      type: 'Refused',
      message: expect.stringContaining('in_the_way') as string,
    });

    const wrote = await it.app(
      `INSERT INTO products (ean, name, client_id) VALUES ('late', 'x', '${OTHER}') RETURNING client_id`,
    );
    const changed = await it.app(
      `UPDATE products SET client_id = '${OTHER}', name = 'changed' WHERE id = 1 RETURNING client_id <> '${OTHER}' AS kept, name`,
    );
    expect([wrote, changed]).toEqual([[{ client_id: null }], [{ kept: true, name: 'changed' }]]);

    await it.owner('DROP VIEW in_the_way');
    expect(await it.run.undo(key('public.products'))).toMatchObject({ verdict: 'pass', figures: { archivedRows: 0 } });
    expect(await it.owner(`SELECT count(*)::int AS n FROM products WHERE ean = 'late'`)).toEqual([{ n: 1 }]);
  });

  test('refuses to be undone while a CHECK still demands it: the application would be refused', async () => {
    const it = await prepared();
    await it.run.do(key('public.products'));
    await it.owner('ALTER TABLE products ADD CONSTRAINT demanded CHECK (client_id IS NOT NULL)');
    await expect(it.run.undo(key('public.products'))).rejects.toMatchObject({
      type: 'Refused',
      message: expect.stringContaining('demanded') as string,
    });
  });

  test('waits for no autovacuum: it gives way', async () => {
    const it = await prepared();
    await sql(it.database.urls.superuser, `ALTER SYSTEM SET autovacuum_naptime = '1s'`, 'SELECT pg_reload_conf()');
    await it.owner(
      'ALTER TABLE sellout_entries2 SET (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)',
      'UPDATE sellout_entries2 SET quantity = quantity + 1',
    );
    await until(async () => {
      const found = await it.tool(
        `SELECT FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND query LIKE '%sellout_entries2%'`,
      );
      return found.length > 0;
    });
    const from = performance.now();
    expect((await it.run.do(key('public.sellout_entries2'))).verdict).toBe('pass');
    expect(performance.now() - from).toBeLessThan(5_000);
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('It did not become true within 60 s.');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
