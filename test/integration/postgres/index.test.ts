import { Client } from 'pg';
import { indexStep } from '../../../activities/postgres/steps/index-concurrently';
import { startBackupServer, type BackupServer } from '../../support/backup-server';
import { legacy, type Legacy } from '../../support/pg-legacy';
import type { StepToRun } from '../../support/pg-run';

jest.setTimeout(120_000);

describe('an index', () => {
  let server: BackupServer;
  let names = 0;

  beforeAll(async () => {
    server = await startBackupServer();
  });
  afterAll(async () => server.close());

  const fresh = (): Promise<Legacy> => legacy(server, `index_${names++}`);
  const index = (columns: readonly string[]): StepToRun<'index'> => ({
    id: 'expand/index-idx_test',
    kind: 'index',
    args: { table: 'public.products', name: 'idx_test', columns },
    handler: indexStep,
  });

  test('is built, marked as ours, and dropped again', async () => {
    const it = await fresh();
    expect((await it.run.do(index(['ean', 'created_at desc']))).verdict).toBe('pass');
    expect(await it.owner(`SELECT obj_description('idx_test'::regclass) AS said`)).toEqual([
      { said: 'cutover phase-1.0123abcd expand/index-idx_test' },
    ]);
    expect((await it.run.do(index(['ean', 'created_at desc']))).verdict).toBe('pass');
    expect((await it.run.undo(index(['ean', 'created_at desc']))).verdict).toBe('pass');
    expect(await it.owner(`SELECT to_regclass('idx_test') AS found`)).toEqual([{ found: null }]);
  });

  test('that was there is taken when it is the same, and outlives the undo; another one of that name is refused', async () => {
    const it = await fresh();
    await it.owner('CREATE INDEX idx_test ON products (ean, created_at DESC NULLS FIRST)');
    expect((await it.run.do(index(['ean', 'created_at desc']))).verdict).toBe('pass');
    expect((await it.run.undo(index(['ean', 'created_at desc']))).summary).toContain('stays as it is');
    await expect(it.run.do(index(['ean', 'created_at']))).rejects.toMatchObject({
      type: 'Refused',
      message: expect.stringContaining('it is another one') as string,
    });
    expect(await it.owner(`SELECT to_regclass('idx_test')::text AS found`)).toEqual([{ found: 'idx_test' }]);
  });

  test('that an earlier attempt left INVALID is built again', async () => {
    const it = await fresh();
    await it.run
      .do({
        ...index(['ean']),
        handler: {
          ...indexStep,
          do: async (c) => {
            await c.capture('before', async () => ({ existed: false }));
            throw new Error('the worker died');
          },
        },
      })
      .catch(() => undefined);
    const old = new Client({ connectionString: it.database.urls.app });
    await old.connect();
    await old.query('BEGIN; SELECT count(*) FROM products; UPDATE products SET name = name WHERE id = 1');
    await expect(
      it.owner(`SET statement_timeout = 300`, 'CREATE INDEX CONCURRENTLY idx_test ON products (ean)'),
    ).rejects.toMatchObject({ code: '57014' });
    await old.query('ROLLBACK');
    await old.end();
    expect(await it.owner(`SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 'idx_test'::regclass`)).toEqual([
      { valid: false },
    ]);
    expect((await it.run.do(index(['ean']))).verdict).toBe('pass');
  });

  test('that a dead worker’s session is still building is waited for, not dropped; whom it waits for is said', async () => {
    const it = await fresh();
    await it.run
      .do({
        ...index(['ean']),
        handler: {
          ...indexStep,
          do: async (c) => {
            await c.capture('before', async () => ({ existed: false }));
            throw new Error('the worker died');
          },
        },
      })
      .catch(() => undefined);
    const old = new Client({ connectionString: it.database.urls.app, application_name: 'old report' });
    await old.connect();
    await old.query('BEGIN; UPDATE products SET name = name WHERE id = 1');
    const left = new Client({
      connectionString: it.database.urls.cutover,
      application_name: 'cutover/phase-1.0123abcd/1',
    });
    await left.connect();
    const building = left.query('CREATE INDEX CONCURRENTLY "idx_test" ON public.products USING btree ("ean")');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const [born] = await it.owner(`SELECT 'idx_test'::regclass::oid::int AS oid`);
    const again = it.run.do(index(['ean']));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await old.query('COMMIT');
    await old.end();
    expect((await again).verdict).toBe('pass');
    await building;
    await left.end();
    expect(await it.owner(`SELECT 'idx_test'::regclass::oid::int AS oid`)).toEqual([born]);
    expect(it.run.said.join('\n')).toMatch(/waits for pid \d+ \(old report\)/);
  });
});
