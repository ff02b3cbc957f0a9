import { join } from 'node:path';
import { compilePlanFile } from '../../../src/plan/compile-file';
import type { Evidence } from '../../../src/core/evidence';
import { startBackupServer, run as sql, type BackupDatabase, type BackupServer } from '../../support/backup-server';
import { startWriter } from '../../support/legacy-writer';
import { TestRun } from '../../support/pg-run';
import { isSchemaStep, toRun, type SchemaStep } from '../../support/pg-steps';
import { dumpSchema } from '../../support/schema-dump';

jest.setTimeout(240_000);

const KEYED = ['users', 'uploads', 'sellout_entries2', 'products', 'processing_logs', 'transform_logs', 'email_logs'];

describe('runbook 003 on a database that is written to all the time', () => {
  let server: BackupServer;
  let database: BackupDatabase;
  let steps: readonly SchemaStep[];

  beforeAll(async () => {
    server = await startBackupServer();
    database = await server.database('app', 20_000);
    const compiled = await compilePlanFile(join(__dirname, '../../../examples/003-client-id/plan.yaml'));
    if (!('plan' in compiled)) throw new Error(JSON.stringify(compiled));
    steps = compiled.plan.steps.filter(isSchemaStep).filter((s) => s.phase !== 'contract');
  });

  afterAll(async () => server.close());

  test('goes forward and back without an error for the application, and leaves the schema as it was', async () => {
    const { owner, superuser, cutover } = database.urls;
    const before = await dumpSchema(superuser);
    const writer = await startWriter(database.urls.app);
    const run = new TestRun(database.home);
    await run.claim();

    for (const step of steps) expectPass(step.id, await run.do(toRun(step)));

    for (const table of KEYED) {
      const [found] = await sql(owner, `SELECT count(*) FILTER (WHERE client_id IS NULL)::int AS nulls FROM ${table}`);
      expect([table, found]).toEqual([table, { nulls: 0 }]);
    }
    const [members] = await sql(
      owner,
      'SELECT count(*)::int AS missing FROM users u WHERE NOT EXISTS (SELECT FROM user_organizations m WHERE m.user_id = u.id AND m.organization_id = u.client_id)',
    );
    expect(members).toEqual({ missing: 0 });

    // What the freeze does, and what version 2 of the application writes afterwards.
    await sql(
      owner,
      ...KEYED.map(
        (t) => `ALTER TABLE ${t} ALTER COLUMN client_id SET NOT NULL, DROP CONSTRAINT cutover_${t}_client_id_required`,
      ),
    );
    await sql(
      database.urls.app,
      `INSERT INTO organizations (id, name, slug) VALUES ('11111111-1111-1111-1111-111111111111', 'Second', 'second')`,
      `INSERT INTO users (id, email, display_name, client_id) VALUES ('22222222-2222-2222-2222-222222222222', 'b@example.com', 'B', '11111111-1111-1111-1111-111111111111')`,
      `INSERT INTO products (ean, name, client_id) SELECT i::text, 'of the second', '11111111-1111-1111-1111-111111111111' FROM generate_series(1, 250) AS i`,
    );

    for (const step of [...steps].reverse()) expectPass(step.id, await run.undo(toRun(step)));
    const written = await writer.stop();

    expect(written.errors).toEqual([]);
    expect(written.lost).toEqual([]);
    expect(written.writes).toBeGreaterThan(100);
    expect(await dumpSchema(superuser)).toBe(before);
    const archived = await sql(
      cutover,
      `SELECT table_name AS t, count(*)::int AS n FROM cutover.archive WHERE table_name IN ('public.products', 'public.organizations', 'public.users') GROUP BY 1 ORDER BY 1`,
    );
    expect(archived).toEqual([
      { t: 'public.organizations', n: 2 },
      { t: 'public.products', n: 250 },
      { t: 'public.users', n: 1 },
    ]);
  });
});

function expectPass(id: string, evidence: Evidence): void {
  expect([id, evidence.verdict, evidence.summary]).toEqual([id, 'pass', evidence.summary]);
}
