import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { diffStep } from '../../../activities/postgres/steps/diff';
import { exportStep } from '../../../activities/postgres/steps/export';
import type { Evidence } from '../../../src/core/evidence';
import { Captures, resourcesOf, RUN, testContext } from '../../support/backup-context';
import { run as sql, startBackupServer, type BackupDatabase, type BackupServer } from '../../support/backup-server';

let server: BackupServer;
let database: BackupDatabase;
let count = 0;

const [FIRST, SECOND, THIRD] = ['1', '2', '3'].map((n) => `00000000-0000-0000-0000-00000000000${n}`);
const SECRET = 'not-to-be-seen';

beforeAll(async () => {
  server = await startBackupServer();
  database = await server.database('exports', 100);
}, 120_000);

beforeEach(async () => {
  await sql(
    database.urls.owner,
    `DROP TABLE IF EXISTS people`,
    `CREATE TABLE people (id uuid PRIMARY KEY, email text NOT NULL, roles text[], admin boolean NOT NULL, quota bigint, seen timestamptz, password text)`,
    `GRANT SELECT ON people TO cutover`,
    `INSERT INTO people VALUES
       ('${SECOND}', 'b@x.test', '{member}', false, 9007199254740993, '2026-11-01 10:00+01', '${SECRET}'),
       ('${FIRST}', '=cmd()', '{admin,member}', true, NULL, NULL, '${SECRET}'),
       ('${THIRD}', 'c@x.test', NULL, false, 1, NULL, '${SECRET}')`,
  );
});

afterAll(async () => server?.close());

interface Trial {
  readonly exported: () => Promise<Evidence>;
  readonly diff: () => Promise<Evidence>;
  readonly file: (ending: string) => Promise<string>;
}

function trial(columns: readonly string[] = ['email', 'roles', 'admin', 'quota', 'seen'], key = 'id'): Trial {
  const run = { ...RUN, id: `test-plan.${String((count += 1)).padStart(8, '0')}` };
  const { home, storeDir } = database;
  const resources = resourcesOf({ targets: [home], storeDir });
  const args = { name: 'people', table: 'public.people', columns, key, store: 'backups' };
  const shelf = join(storeDir, run.plan, run.id);
  const common = { home, run, captures: new Captures() };
  return {
    exported: () => exportStep(resources).do(testContext({ kind: 'export', id: 'backup/people', args, ...common })),
    diff: () =>
      diffStep(resources).do(
        testContext({ kind: 'diff', id: 'observe/people', args: { export: 'backup/people' }, ...common }),
      ),
    file: async (ending) => join(shelf, (await readdir(shelf))[0] ?? '', `export-people.${ending}`),
  };
}

it('writes the named columns as CSV and JSON in the order of their key, and nothing else; no number loses a digit', async () => {
  const { exported, file } = trial();
  expect(await exported()).toMatchObject({ verdict: 'pass', figures: { rows: 3 } });
  const csv = await readFile(await file('csv'), 'utf8');
  expect(csv.split('\r\n')).toEqual([
    'id,email,roles,admin,quota,seen',
    `${FIRST},'=cmd(),"{admin,member}",true,,`,
    `${SECOND},b@x.test,{member},false,9007199254740993,2026-11-01 09:00:00+00`,
    `${THIRD},c@x.test,,false,1,`,
    '',
  ]);
  const json = await readFile(await file('json'), 'utf8');
  expect(JSON.parse(json)).toMatchObject({
    table: 'public.people',
    rows: [{ admin: true, quota: null }, { quota: '9007199254740993' }, { roles: null }],
  });
  expect(csv + json).not.toContain(SECRET);
}, 60_000);

it('is written once: a second attempt changes nothing', async () => {
  const { exported, file } = trial();
  const first = await exported();
  await sql(database.urls.owner, 'DELETE FROM people');
  expect((await exported()).figures).toEqual(first.figures);
  expect(JSON.parse(await readFile(await file('json'), 'utf8'))).toHaveProperty('rows.length', 3);
}, 60_000);

it('finds the same rows the same behind a new column, and shows those that the application added', async () => {
  const { exported, diff } = trial();
  await exported();
  await sql(
    database.urls.owner,
    'ALTER TABLE people ADD COLUMN client_id uuid DEFAULT gen_random_uuid()',
    `UPDATE people SET password = 'another'`,
    `INSERT INTO people (id, email, admin) VALUES (gen_random_uuid(), 'new@x.test', false)`,
  );
  expect(await diff()).toMatchObject({ verdict: 'pass', figures: { same: 3, gone: 0, changed: 0, added: 1 } });
}, 60_000);

it('fails, and names them, when rows are gone or different: the columns, never their values', async () => {
  const { exported, diff } = trial();
  await exported();
  await sql(
    database.urls.owner,
    `DELETE FROM people WHERE id = '${FIRST}'`,
    `UPDATE people SET roles = '{owner}', quota = 9007199254740992 WHERE id = '${SECOND}'`,
  );
  const found = await diff();
  expect(found).toMatchObject({ verdict: 'fail', figures: { same: 1, gone: 1, changed: 1 } });
  expect(found.checks.find(({ name }) => name === 'gone')?.observed).toBe(`1: "${FIRST}"`);
  expect(found.checks.find(({ name }) => name === 'changed')?.observed).toBe(`1: "${SECOND}": roles, quota`);
}, 60_000);

it('refuses an export that was changed afterwards', async () => {
  const { exported, diff, file } = trial();
  await exported();
  const path = await file('json');
  await chmod(path, 0o600);
  await writeFile(path, (await readFile(path, 'utf8')).replace('b@x.test', 'd@x.test'));
  await expect(diff()).rejects.toThrow(/has changed since it was written/);
}, 60_000);

it('refuses a column that is not there, and a key that two rows share, by name', async () => {
  await expect(trial(['email', 'nick']).exported()).rejects.toMatchObject({
    type: 'Misconfigured',
    message: 'public.people has no column nick; correct backup.exports in the plan.',
  });
  await expect(trial(['email'], 'admin').exported()).rejects.toMatchObject({
    type: 'Refused',
    message: expect.stringContaining('name a key in the plan that is unique') as string,
  });
}, 60_000);
