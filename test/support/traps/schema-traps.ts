import { readFile } from 'node:fs/promises';
import { versionFindings } from '../../../activities/postgres/preflight/server';
import { examplePath } from '../../../examples/003-client-id/paths';
import { strangerIsLetIn, tablesWithoutIndex, tries } from './facts';
import { eventually, holdWith, startProbe, waitingFor } from './probes';
import type { Trap } from './trap';

const SEVEN = ['email_logs', 'processing_logs', 'products', 'sellout_entries2', 'transform_logs', 'uploads', 'users'];

const TWICE = `INSERT INTO user_organizations (user_id, organization_id) SELECT user_id, organization_id FROM user_organizations LIMIT 1`;
const NOBODY = `INSERT INTO user_organizations (user_id, organization_id) SELECT gen_random_uuid(), id FROM organizations WHERE slug = 'default-org'`;
const NOWHERE = `INSERT INTO products (ean, name, client_id) VALUES ('1', 'of nobody', gen_random_uuid())`;

/** What the runbook does to locks, tables, indexes and functions. */
export const SCHEMA_TRAPS: readonly Trap[] = [
  {
    id: 'T3.1',
    is: 'one transaction for everything',
    runbook: [
      'an insert into any of the seven tables, and a read, wait until the whole script has ended; CONCURRENTLY is out of the question',
      async ({ script }) => {
        expect([...script.waitedToWrite].sort()).toEqual(SEVEN);
        expect(script.waitedToRead).toEqual(['products']);
        expect(script.answeredBefore).toEqual([]);
        const concurrently = holdWith(
          script.run.stage.urls.owner,
          'CREATE INDEX CONCURRENTLY trap ON users (client_id)',
        );
        await expect(concurrently).rejects.toMatchObject({ code: '25001' });
      },
    ],
    cutover: [
      'at the same place all seven tables take inserts: every step before it has committed',
      async ({ ours }) => {
        expect([...ours.wroteMeanwhile].sort()).toEqual(SEVEN);
      },
    ],
    preview: /T3\.1 One transaction for everything.*every step commits by itself/,
  },
  {
    id: 'T3.1',
    is: 'all or nothing, the log of what went wrong included',
    runbook: [
      'cancelled near its end it has done nothing, and migration_log, where one is told to look for `failed`, does not exist',
      async ({ script }) => {
        expect(script.cancelled).toEqual({ logTable: false, keyedTables: 0 });
      },
    ],
    cutover: [
      'cancelled at the same place it repeats one step, and migration_log has the failure',
      async ({ ours }) => {
        const { rows } = await ours.run.db.query<{ status: string }>(
          `SELECT status FROM migration_log WHERE operation = 'expand/sql-functions' ORDER BY id`,
        );
        expect([...new Set(rows.map((row) => row.status))]).toEqual(['failed', 'completed']);
      },
    ],
    preview: /A failure is written on a connection of its own/,
  },
  {
    id: 'T3.2',
    is: '"PostgreSQL 12+" and gen_random_uuid()',
    runbook: [
      'its script calls the function and brings no extension that has it; it is built in only from 13 on',
      async ({ script }) => {
        const sql = await literalScript();
        expect(sql).toContain('gen_random_uuid()');
        expect(sql).not.toMatch(/CREATE EXTENSION/i);
        const { rows } = await script.run.db.query(
          `SELECT pronamespace::regnamespace::text AS schema FROM pg_proc WHERE proname = 'gen_random_uuid'`,
        );
        expect(rows).toEqual([{ schema: 'pg_catalog' }]);
      },
    ],
    cutover: [
      'preflight refuses 12 by name, and this function is one of the reasons',
      async () => {
        const [check] = versionFindings({ major: 12, version: '12.22' }).checks;
        expect(check?.verdict).toBe('fail');
        expect(check?.observed).toMatch(/12\.22 is too old.*gen_random_uuid\(\).*upgrade to 14/);
      },
    ],
    preview: /T3\.2 gen_random_uuid\(\).*refuses every server older than 14/,
  },
  {
    id: 'T3.3',
    is: 'CREATE INDEX as the runbook prints it',
    runbook: [
      'while it builds, an insert into its table waits',
      async ({ script }) => {
        const { stage, db } = script.run;
        await db.query('DROP INDEX idx_products_client_ean');
        const create = /^CREATE INDEX idx_products_client_ean.*$/m.exec(await literalScript())?.[0] ?? '';
        const building = await holdWith(stage.urls.owner, create);
        const insert = await startProbe(
          stage.urls.app,
          'products',
          `INSERT INTO products (ean, name) VALUES ('1', 'probe')`,
        );
        await eventually('the insert waits', async () => (await waitingFor(db, building.pid, [insert])).length === 1);
        expect(insert.settled()).toBe(false);
        await building.release();
        expect(await insert.done).toBe('answered');
      },
    ],
    cutover: [
      'while an index of the run is being built, an insert into its table goes through',
      async ({ ours }) => {
        expect(ours.wroteBesideIndex).toBe(true);
      },
    ],
    preview: /T3\.3 A plain CREATE INDEX stops every write.*CONCURRENTLY/,
  },
  {
    id: 'T3.4',
    is: 'user_organizations without UNIQUE and without a foreign key on user_id',
    runbook: [
      'a user becomes a member twice, and somebody who is no user becomes a member',
      async ({ script }) => {
        expect([await tries(script.run, TWICE), await tries(script.run, NOBODY)]).toEqual(['accepted', 'accepted']);
      },
    ],
    cutover: [
      'refuses both: 23505 and 23503',
      async ({ ours }) => {
        expect([await tries(ours.run, TWICE), await tries(ours.run, NOBODY)]).toEqual(['23505', '23503']);
      },
    ],
    preview: /T3\.4 Without UNIQUE \(user_id, organization_id\) and foreign keys/,
  },
  {
    id: 'T3.5',
    is: 'client_id means organizations.id, and nothing says so',
    runbook: [
      'a row takes a client_id that is no organisation',
      async ({ script }) => {
        expect(await tries(script.run, NOWHERE)).toBe('accepted');
      },
    ],
    cutover: [
      'refuses it in every table: a validated foreign key each',
      async ({ ours }) => {
        expect(await tries(ours.run, NOWHERE)).toBe('23503');
        const { rows } = await ours.run.db.query<{ on: string }>(
          `SELECT conrelid::regclass::text AS on FROM pg_constraint
            WHERE contype = 'f' AND convalidated AND conname LIKE '%client_id_fkey' AND confrelid = 'organizations'::regclass ORDER BY 1`,
        );
        expect(rows.map((row) => row.on)).toEqual(SEVEN);
      },
    ],
    preview: /T3\.5 A column client_id that refers to nothing .* foreign key to organizations\.id/,
  },
  {
    id: 'T3.9',
    is: '"example indexes"',
    runbook: [
      'four of the seven tables have no index that begins with client_id',
      async ({ script }) => {
        const without = (await tablesWithoutIndex(script.run)).filter((table) => table !== 'products'); // see T3.3
        expect(without).toEqual(['email_logs', 'processing_logs', 'transform_logs', 'users']);
      },
    ],
    cutover: [
      'each has one',
      async ({ ours }) => {
        expect(await tablesWithoutIndex(ours.run)).toEqual([]);
      },
    ],
    preview: /T3\.9 A partial list of indexes.*each of the 7 tables gets one/,
  },
  {
    id: 'T3.10',
    is: 'SECURITY DEFINER without a search_path of its own',
    runbook: [
      'a stranger who puts a temporary table in front of user_organizations may see the default organisation',
      async ({ script }) => {
        expect(await strangerIsLetIn(script.run)).toBe(true);
      },
    ],
    cutover: [
      'the same stranger stays outside',
      async ({ ours }) => {
        expect(await strangerIsLetIn(ours.run)).toBe(false);
      },
    ],
    preview: /T3\.10 A function without a search_path of its own/,
  },
];

function literalScript(): Promise<string> {
  return readFile(examplePath('runbook', 'phase_1_multitenant_schema.sql'), 'utf8');
}
