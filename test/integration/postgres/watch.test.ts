import { watchFindings } from '../../../activities/postgres/preflight/baselines';
import { compareStep } from '../../../activities/postgres/steps/compare';
import type { Evidence } from '../../../src/core/evidence';
import { evidenceOf } from '../../../src/core/evidence';
import type { WatchQuery } from '../../../src/core/table-args';
import { startBackupServer, type BackupServer } from '../../support/backup-server';
import { key, legacy, organizations, registry, type Legacy } from '../../support/pg-legacy';

jest.setTimeout(120_000);

const BY_EAN: WatchQuery = {
  name: 'by-ean',
  sql: `SELECT year, month, sum(quantity) FROM sellout_entries2 WHERE ean = '4000000000007' GROUP BY year, month`,
};
const ALL: WatchQuery = { name: 'all-products', sql: 'SELECT * FROM products;' };
const NEWEST: WatchQuery = {
  name: 'newest',
  sql: 'SELECT id FROM uploads ORDER BY created_at DESC LIMIT 3',
  answer: 'may-change',
};

describe('the watched queries', () => {
  let server: BackupServer;
  let names = 0;

  beforeAll(async () => {
    server = await startBackupServer();
  });
  afterAll(async () => server.close());

  const baselines = (it: Legacy, queries: readonly WatchQuery[]): Promise<Evidence> =>
    it.run.do({
      id: 'preflight/claim',
      kind: 'preflight',
      args: {
        ...{ tables: [], column: 'client_id', type: 'uuid', creates: [], scratch: 'scratch', store: 'backups' },
        ...{ maxTransactionAgeMs: 60_000, watch: queries },
      },
      handler: {
        ...{ undo: () => Promise.reject(new Error('not here')) },
        do: async (context) => {
          const { checks, figures } = await watchFindings(context, context.args.watch);
          return context.commit(async () => evidenceOf('asked', checks, figures));
        },
      },
    });
  const compare = (it: Legacy, queries: readonly WatchQuery[]): Promise<Evidence> =>
    it.run.do({
      id: 'validate/watch',
      kind: 'compare',
      args: { queries, baseline: 'preflight/claim', indexes: ['public.products_pkey'], as: ['owner', 'app'] },
      handler: compareStep,
    });
  const watched = async (queries: readonly WatchQuery[], rows = 1_000): Promise<Legacy> => {
    const it = await legacy(server, `watch_${names++}`, rows);
    await it.owner('ANALYZE');
    expect((await baselines(it, queries)).verdict).toBe('pass');
    return it;
  };

  test('answer as before although a column was added, and say how their plans and times moved', async () => {
    const it = await watched([BY_EAN, ALL, NEWEST]);
    await it.run.do(organizations());
    await it.run.do(registry());
    await it.run.do(key('public.products'));
    await it.app(`INSERT INTO uploads (user_id, file_name) SELECT id, 'new' FROM users LIMIT 1`);
    const evidence = await compare(it, [BY_EAN, ALL, NEWEST]);
    expect(evidence.verdict).toBe('pass');
    const said = Object.fromEntries(evidence.checks.map((c) => [c.name, c.observed]));
    expect(said['all-products as app: answer']).toMatch(/^\d+ rows, columns \+client_id$/);
    expect(said['by-ean as owner: plan']).toContain('sellout_entries2_ean_year_month_idx');
    expect(evidence.figures).toMatchObject({
      'watch by-ean': expect.stringMatching(/^owner [\d.]+ -> [\d.]+ ms \([\d.]+x\), app /) as string,
      'index public.products_pkey': expect.stringMatching(/scans$/) as string,
    });
  });

  test('fail when an answer that must stand still is another one, whoever asks', async () => {
    const it = await watched([BY_EAN, NEWEST]);
    await it.app(
      `INSERT INTO sellout_entries2 (upload_id, ean, year, month, quantity, amount, payload) SELECT id, '4000000000007', 1999, 1, 1, 1, '' FROM uploads LIMIT 1`,
    );
    const evidence = await compare(it, [BY_EAN, NEWEST]);
    expect(evidence.checks.filter((c) => c.verdict === 'fail').map((c) => c.name)).toEqual([
      'by-ean as owner: answer',
      'by-ean as app: answer',
    ]);
  });

  test('fail when a big table is read in full where an index was used, and not when it is a small one', async () => {
    for (const [rows, verdict] of [
      [30_000, 'fail'],
      [1_000, 'pass'],
    ] as const) {
      const it = await watched([BY_EAN], rows);
      await it.owner('DROP INDEX sellout_entries2_ean_year_month_idx', 'ANALYZE sellout_entries2');
      const evidence = await compare(it, [BY_EAN]);
      expect([rows, evidence.verdict]).toEqual([rows, verdict]);
      if (verdict === 'fail') expect(evidence.summary).toContain('public.sellout_entries2 read in full');
    }
  });

  test('are refused at once when they move by themselves, write, or ask two things', async () => {
    const it = await legacy(server, `watch_${names++}`);
    const problem = async (sql: string): Promise<string> => (await baselines(it, [{ name: 'w', sql }])).summary;
    expect(await problem('SELECT clock_timestamp()')).toContain('answer: may-change');
    expect(await problem(`SELECT setval('products_id_seq', 1)`)).toContain('read-only transaction');
    expect(await problem('SELECT 1; DROP TABLE products')).toContain('is not one SELECT');
    expect((await baselines(it, [{ name: 'w2', sql: 'SELECT clock_timestamp()', answer: 'may-change' }])).verdict).toBe(
      'pass',
    );
  });
});
