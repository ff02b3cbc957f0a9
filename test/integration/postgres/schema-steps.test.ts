import { observeStep } from '../../../activities/postgres/steps/observe';
import { queryStep } from '../../../activities/postgres/steps/query';
import { recountStep } from '../../../activities/postgres/steps/recount';
import { referenceStep } from '../../../activities/postgres/steps/reference';
import { requiredStep } from '../../../activities/postgres/steps/required';
import { retireStep } from '../../../activities/postgres/steps/retire';
import { stampStep } from '../../../activities/postgres/steps/stamp';
import { statementsStep } from '../../../activities/postgres/steps/statements';
import type { Expectation } from '../../../src/core/tenancy-args';
import type { StepArgs } from '../../../src/core/step';
import { resourcesOf } from '../../support/backup-context';
import { startBackupServer, type BackupServer } from '../../support/backup-server';
import { key, legacy, organizations, registry, TENANT, type Legacy } from '../../support/pg-legacy';
import type { StepToRun } from '../../support/pg-run';

jest.setTimeout(120_000);

describe('constraints, statements and proofs', () => {
  let server: BackupServer;
  let names = 0;

  beforeAll(async () => {
    server = await startBackupServer();
  });
  afterAll(async () => server.close());

  const fresh = (rows?: number): Promise<Legacy> => legacy(server, `schema_${names++}`, rows);
  const keyed = async (): Promise<Legacy> => {
    const it = await fresh();
    for (const step of [organizations()]) await it.run.do(step);
    await it.run.do(registry());
    await it.run.do(key('public.products'));
    return it;
  };

  describe('a foreign key or a CHECK', () => {
    const reference: StepToRun<'reference'> = {
      id: 'expand/reference-products',
      kind: 'reference',
      args: {
        table: 'public.products',
        column: 'client_id',
        references: { table: 'public.organizations', column: 'id' },
        name: 'products_client_id_fkey',
      },
      handler: referenceStep,
    };
    const required: StepToRun<'required'> = {
      id: 'backfill/required-products',
      kind: 'required',
      args: { table: 'public.products', column: 'client_id', name: 'products_client_id_required' },
      handler: requiredStep,
    };

    test('is validated, and undone only when this run made it', async () => {
      const it = await keyed();
      for (const step of [reference, required] as StepToRun<'reference'>[]) {
        expect((await it.run.do(step)).verdict).toBe('pass');
        expect((await it.run.do(step)).verdict).toBe('pass');
        expect((await it.run.undo(step)).verdict).toBe('pass');
      }
      expect(await it.owner(`SELECT conname FROM pg_constraint WHERE conname LIKE 'products_client_id%'`)).toEqual([]);
      await it.owner('ALTER TABLE products ADD CONSTRAINT products_client_id_fkey CHECK (true)');
      await expect(it.run.do(reference)).rejects.toMatchObject({ type: 'Refused' });
    });

    test('that rows violate says so, keeps nothing half, and passes once they are mended', async () => {
      const it = await keyed();
      await it.app(`UPDATE products SET client_id = gen_random_uuid() WHERE id = 1`);
      await expect(it.run.do(reference)).rejects.toMatchObject({
        type: 'Refused',
        message: expect.stringContaining('holds values that public.organizations.id does not have') as string,
      });
      await it.app(`UPDATE products SET client_id = (SELECT id FROM organizations) WHERE id = 1`);
      expect((await it.run.do(reference)).verdict).toBe('pass');
    });
  });

  describe('the plan’s own statements', () => {
    const statements = (args: Pick<StepArgs['statements'], 'sql' | 'undo'>): StepToRun<'statements'> => ({
      id: 'expand/sql-functions',
      kind: 'statements',
      args: { ...args, file: 'functions.sql', like: 'public.users' },
      handler: statementsStep,
    });

    test('bring back the function that they replaced, and drop the one that they made', async () => {
      const it = await fresh();
      await it.owner(`CREATE FUNCTION was() RETURNS int LANGUAGE sql AS 'SELECT 1'`);
      const step = statements({
        sql: `CREATE OR REPLACE FUNCTION public.was() RETURNS int LANGUAGE sql AS 'SELECT 2'; CREATE FUNCTION public.fresh() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END;`,
        undo: 'DROP FUNCTION public.was(); DROP FUNCTION public.fresh()',
      });
      await it.run.do(step);
      expect(await it.owner('SELECT was(), fresh()')).toEqual([{ was: 2, fresh: 1 }]);
      expect((await it.run.undo(step)).verdict).toBe('pass');
      expect(await it.owner(`SELECT was(), to_regproc('fresh') AS fresh`)).toEqual([{ was: 1, fresh: null }]);
    });

    test('run wholly or not at all', async () => {
      const it = await fresh();
      const step = statements({ sql: `UPDATE products SET name = 'changed'; SELECT 1 / 0` });
      await expect(it.run.do(step)).rejects.toMatchObject({ code: '22012' });
      expect(await it.owner(`SELECT count(*)::int AS n FROM products WHERE name = 'changed'`)).toEqual([{ n: 0 }]);
    });
  });

  describe('the proofs', () => {
    const rule = { kind: 'constant', tenant: TENANT } as const;
    const stamp: StepToRun<'stamp'> = {
      id: 'backfill/stamp',
      kind: 'stamp',
      args: { table: 'public.products', column: 'client_id', rule },
      handler: stampStep,
    };
    const recount: StepToRun<'recount'> = {
      id: 'validate/recount',
      kind: 'recount',
      args: {
        tables: [{ table: 'public.products', column: 'client_id', rule }],
        registry: { table: 'public.organizations', id: 'id' },
        as: ['owner', 'app'],
      },
      handler: recountStep,
    };
    const query = (sql: string, expectation: Expectation): StepToRun<'query'> => ({
      id: 'validate/query',
      kind: 'query',
      args: { sql, expect: expectation, as: ['owner'] },
      handler: queryStep,
    });

    test('rows without key are stamped, rows of another tenant are shown and never touched', async () => {
      const it = await keyed();
      await it.app(
        'UPDATE products SET client_id = NULL WHERE id <= 10',
        `UPDATE products SET client_id = '11111111-1111-1111-1111-111111111111' WHERE id = 11`,
      );
      expect((await it.run.do(recount)).verdict).toBe('fail');
      const evidence = await it.run.do(stamp);
      expect(evidence).toMatchObject({ verdict: 'fail', figures: { stamped: 10 } });
      expect(evidence.summary).toContain('rows of other tenants than the rule says: expected 0, observed 1');
      await it.app('UPDATE products SET client_id = NULL WHERE id = 11');
      expect(await it.run.do(stamp)).toMatchObject({ verdict: 'pass', figures: { stamped: 1 } });
      expect((await it.run.do(recount)).verdict).toBe('pass');
    });

    test('an application that may not read is an error with a hint, and one that sees nothing is a fail', async () => {
      const it = await keyed();
      await it.owner('ALTER TABLE products ENABLE ROW LEVEL SECURITY');
      expect(await it.run.do(recount)).toMatchObject({ verdict: 'fail' });
      await it.owner('REVOKE SELECT ON organizations FROM app');
      await expect(it.run.do(recount)).rejects.toMatchObject({
        type: 'Refused',
        message: expect.stringContaining('GRANT SELECT') as string,
      });
    });

    test('a query is compared by rows, by value and by at least, and cannot write', async () => {
      const it = await fresh();
      const verdict = async (sql: string, expectation: Expectation): Promise<string> =>
        (await it.run.do(query(sql, expectation))).verdict;
      expect(await verdict('SELECT generate_series(1, 7);', { rows: 7 })).toBe('pass');
      expect(await verdict('SELECT generate_series(1, 7)', { rows: 6 })).toBe('fail');
      expect(await verdict('SELECT 42 AS a, 42 AS a', { value: '42' })).toBe('pass');
      expect(await verdict('SELECT generate_series(1, 3)', { atLeast: 4 })).toBe('fail');
      await expect(it.run.do(query(`SELECT setval('products_id_seq', 1)`, { rows: 1 }))).rejects.toMatchObject({
        code: '25006',
      });
      await expect(it.run.do(query('SELECT 1; DROP TABLE products', { rows: 1 }))).rejects.toMatchObject({
        type: 'Misconfigured',
      });
    });
  });

  describe('contract', () => {
    const retire = (args: Partial<StepArgs['retire']>): StepToRun<'retire'> => ({
      id: 'contract/retire',
      kind: 'retire',
      args: { tables: [{ table: 'public.products', column: 'client_id' }], ...args },
      handler: retireStep,
    });

    test('keeps the stamping for a reason and says how often it was needed', async () => {
      const it = await keyed();
      await it.app(`INSERT INTO products (ean, name) VALUES ('1', '1')`);
      const evidence = await it.run.do(retire({ keepStamping: 'phase 3 of the runbook' }));
      expect(evidence).toMatchObject({ verdict: 'pass', figures: { 'public.products': 1 } });
      expect(evidence.summary).toContain('phase 3 of the runbook');
    });

    const observing = (forMs = 200): StepToRun<'observe'> => ({
      id: 'observe/probes',
      kind: 'observe',
      args: {
        forMs,
        everyMs: 50,
        failures: 1,
        of: 1,
        then: 'hold',
        probes: [{ kind: 'sql', name: 'alive', sql: 'SELECT 1', expect: { value: '1' }, as: 'app' }],
        stamped: [{ table: 'public.products', column: 'client_id' }],
        indexes: ['public.products_pkey', 'public.nowhere'],
      },
      handler: observeStep(resourcesOf({ targets: [], storeDir: '' })),
    });
    const baseline = { step: 'observe/probes', name: 'forgotten' };
    const forgets = (it: Legacy): Promise<unknown> => it.app(`INSERT INTO products (ean, name) VALUES ('f', 'f')`);

    test('is refused while nobody looked whether the key is still forgotten', async () => {
      const it = await keyed();
      await expect(it.run.do(retire({}))).rejects.toMatchObject({
        type: 'Refused',
        message: expect.stringContaining('Nothing was captured') as string,
      });
    });

    test('drops the stamping when the counters stood still for all of observe', async () => {
      const it = await keyed();
      await forgets(it);
      expect(await it.run.do(observing())).toMatchObject({
        verdict: 'pass',
        figures: {
          rowsWithoutKey: 0,
          'index public.products_pkey': expect.stringMatching(/^\d+ scans$/) as string,
          'index public.nowhere': 'not there',
        },
      });
      expect((await it.run.do(retire({ baseline, stillForMs: 60_000 }))).verdict).toBe('pass');
      expect(await it.app(`INSERT INTO products (ean, name) VALUES ('3', '3') RETURNING client_id`)).toEqual([
        { client_id: null },
      ]);
      expect((await it.run.do(retire({ baseline, stillForMs: 60_000 }))).verdict).toBe('pass');
    });

    test('is never reached past a probe that is more than one query: it is an error, and writes nothing', async () => {
      const it = await keyed();
      const step = observing();
      const [probe] = step.args.probes;
      const sql = `SELECT 1; COMMIT; UPDATE products SET name = 'changed'`;
      const probes = [{ ...probe, as: 'owner', sql }] as StepArgs['observe']['probes'];
      await expect(it.run.do({ ...step, args: { ...step.args, probes } })).rejects.toMatchObject({
        type: 'Misconfigured',
      });
      expect(await it.owner(`SELECT count(*)::int AS n FROM products WHERE name = 'changed'`)).toEqual([{ n: 0 }]);
    });

    test('refuses while somebody still forgets, counts anew, and drops once the counters stood still for as long', async () => {
      const it = await keyed();
      await it.run.do(observing());
      await forgets(it);
      const refusal = async (stillForMs: number): Promise<string> =>
        it.run.do(retire({ baseline, stillForMs })).then(
          () => 'dropped',
          (error: Error) => error.message,
        );
      expect((await it.run.do(observing())).figures?.rowsWithoutKey).toBe(1);
      expect(await refusal(60_000)).toContain('public.products: 1');
      expect(await refusal(60_000)).toMatch(/for 1 s, and 1 min are asked for/);
      await forgets(it);
      expect(await refusal(0)).toContain('public.products: 1');
      expect(await refusal(0)).toBe('dropped');
    });
  });
});
