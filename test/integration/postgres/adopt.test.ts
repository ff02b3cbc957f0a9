import { adoptFindings } from '../../../activities/postgres/preflight/adopts';
import { openSession } from '../../../activities/postgres/session';
import { freezeStep } from '../../../activities/postgres/steps/freeze';
import type { FreezeArgs } from '../../../src/core/freeze-args';
import type { AdoptedTable } from '../../../src/core/table-args';
import { startBackupServer, type BackupServer } from '../../support/backup-server';
import {
  adopting,
  key,
  legacy,
  members,
  MEMBERSHIP,
  MEMBERSHIP_NEEDS,
  memberships,
  MEMBERSHIPS_DDL,
  organizations,
  ORGANIZATIONS_DDL,
  registry,
  REGISTRY_NEEDS,
  TENANT,
  type Legacy,
} from '../../support/pg-legacy';
import { TestRun, type StepToRun } from '../../support/pg-run';
import { dumpSchema } from '../../support/schema-dump';

jest.setTimeout(120_000);

const OTHER = '11111111-1111-1111-1111-111111111111';
const registryTable = adopting(organizations(), REGISTRY_NEEDS);
const memberTable = adopting(memberships(), MEMBERSHIP_NEEDS);

describe('a registry and a table of memberships that were there before the run', () => {
  let server: BackupServer;
  let names = 0;

  beforeAll(async () => {
    server = await startBackupServer();
  });
  afterAll(async () => server.close());

  /** As somebody made them: wider than the plan asks for, with rows of their own. */
  const standing = async (): Promise<Legacy> => {
    const it = await legacy(server, `adopt_${names++}`);
    await it.owner(
      `${ORGANIZATIONS_DDL}; ALTER TABLE organizations ADD COLUMN color text NOT NULL DEFAULT 'blue'`,
      MEMBERSHIPS_DDL,
      `INSERT INTO organizations (id, name, slug) VALUES ('${OTHER}', 'Other', 'other')`,
      `INSERT INTO user_organizations (user_id, organization_id, role) SELECT id, '${OTHER}', 'owner' FROM users ORDER BY email LIMIT 2`,
    );
    return it;
  };
  const rows = async (it: Legacy): Promise<unknown> => ({
    organizations: await it.owner('SELECT * FROM organizations ORDER BY id'),
    members: await it.owner('SELECT * FROM user_organizations ORDER BY id'),
    schema: await dumpSchema(it.database.urls.superuser),
  });
  const forward: readonly StepToRun<never>[] = [
    registryTable,
    registry(),
    memberTable,
    key('public.users'),
    members(),
  ] as unknown as readonly StepToRun<never>[];
  const all = async (it: Legacy, steps = forward): Promise<void> => {
    for (const step of steps) expect([step.id, (await it.run.do(step)).verdict]).toEqual([step.id, 'pass']);
  };
  const back = async (it: Legacy): Promise<void> => {
    for (const step of [...forward].reverse())
      expect([step.id, (await it.run.undo(step)).verdict]).toEqual([step.id, 'pass']);
  };

  test('are adopted, and after a rollback they hold what they held, no row more and none less', async () => {
    const it = await standing();
    const before = await rows(it);
    await all(it);
    expect((await it.run.do(registryTable)).summary).toContain('was there and is adopted');
    await it.app(`INSERT INTO users (email, display_name) VALUES ('later@example.com', 'l')`);
    await it.app(`DELETE FROM users WHERE email = 'later@example.com'`);
    await it.app(`INSERT INTO users (email, display_name) VALUES ('stays@example.com', 's')`);
    await all(it);
    const [counted] = await it.owner(
      `SELECT count(*)::int AS n, (SELECT count(*)::int FROM users) + 2 AS expected FROM user_organizations`,
    );
    expect(counted?.n).toBe(counted?.expected);
    await it.app(
      `UPDATE user_organizations SET role = 'admin' WHERE user_id = (SELECT id FROM users WHERE email = 'stays@example.com')`,
    );
    await back(it);
    expect(await rows(it)).toEqual(before);
    const archived = await it.tool(
      `SELECT table_name AS t, count(*)::int AS n, count(*) FILTER (WHERE value ->> 'role' = 'admin')::int AS admins FROM cutover.archive WHERE table_name !~ 'users$' GROUP BY 1 ORDER BY 1`,
    );
    expect(archived).toEqual([
      { t: 'public.organizations', n: 1, admins: 0 },
      { t: 'public.user_organizations', n: 5 + 1, admins: 1 },
    ]);
    await back(it);
  });

  test('the default tenant that was there stays, and one that is described otherwise is refused with a count', async () => {
    const it = await standing();
    await it.owner(`INSERT INTO organizations (name, slug) VALUES ('Somebody', 'default-org')`);
    await it.run.do(registryTable);
    await expect(it.run.do(registry())).rejects.toMatchObject({
      type: 'Refused',
      message: expect.stringMatching(/default-org already, and 1 of its 2 values .* are others \(name\)/) as string,
    });
    await it.owner(`UPDATE organizations SET name = 'Default' WHERE slug = 'default-org'`);
    expect((await it.run.do(registry())).summary).toContain('it was there');
    expect(await it.run.undo(registry())).toMatchObject({ verdict: 'pass', figures: { removed: 0 } });
    expect(await it.owner(`SELECT name FROM organizations ORDER BY name`)).toEqual([
      { name: 'Default' },
      { name: 'Other' },
    ]);
  });

  test('an application that writes its own memberships is not refused by ours', async () => {
    const it = await standing();
    await all(it);
    await it.app(
      'BEGIN',
      `INSERT INTO users (email, display_name) VALUES ('own@example.com', 'o')`,
      `INSERT INTO user_organizations (user_id, organization_id, role) SELECT id, client_id, 'owner' FROM users WHERE email = 'own@example.com'`,
      'COMMIT',
    );
    await it.run.undo(members());
    expect(
      await it.owner(
        `SELECT role FROM user_organizations m JOIN users u ON u.id = m.user_id WHERE u.email = 'own@example.com'`,
      ),
    ).toEqual([{ role: 'owner' }]);
  });

  test('rows of the application that refer to ours are counted, and nothing of theirs is taken along', async () => {
    const it = await standing();
    await all(it);
    await it.owner(
      'CREATE TABLE badges (member uuid REFERENCES user_organizations (id) ON DELETE CASCADE)',
      `INSERT INTO badges SELECT id FROM user_organizations WHERE role = 'member' LIMIT 3`,
    );
    await expect(it.run.undo(members())).rejects.toMatchObject({
      type: 'Refused',
      message: expect.stringContaining('3 rows that this run did not write refer to rows') as string,
    });
    await it.owner('DELETE FROM badges');
    expect((await it.run.undo(members())).verdict).toBe('pass');
    await it.owner(
      `INSERT INTO user_organizations (user_id, organization_id, role) SELECT (SELECT id FROM users LIMIT 1), id, 'x' FROM organizations WHERE slug = 'default-org'`,
    );
    await it.run.undo(key('public.users'));
    await expect(it.run.undo(registry())).rejects.toMatchObject({
      type: 'Refused',
      message: expect.stringContaining('1 of public.user_organizations') as string,
    });
  });

  test('what the freeze sweeps into them is taken out again too', async () => {
    const it = await standing();
    await all(it);
    await it.owner('DROP TRIGGER zz_cutover_join_user_organizations ON users');
    await it.app(`INSERT INTO users (email, display_name) VALUES ('swept@example.com', 's')`);
    const args: FreezeArgs = {
      mode: 'queue',
      tables: [
        { table: 'public.users', column: 'client_id', required: 'r', rule: { kind: 'constant', tenant: TENANT } },
      ],
      members: MEMBERSHIP,
      switch: { table: 'public.app_settings', keyColumn: 'key', valueColumn: 'value', key: 'tenancy', to: 'on' },
      budgetMs: 2_000,
      stallMs: 100,
      patienceMs: 10_000,
    };
    await it.owner('ALTER TABLE users ALTER COLUMN client_id SET NOT NULL');
    const freeze: StepToRun<'freeze'> = { id: 'cutover/freeze', kind: 'freeze', args, handler: freezeStep };
    expect(await it.run.do(freeze)).toMatchObject({ verdict: 'pass', figures: { sweptMembers: 1 } });
    await it.run.undo(freeze);
    await back(it);
    expect(await it.owner(`SELECT count(*)::int AS n FROM user_organizations`)).toEqual([{ n: 2 }]);
  });

  const adopts: readonly AdoptedTable[] = [
    { ...registryTable.args, needs: REGISTRY_NEEDS },
    { ...memberTable.args, needs: MEMBERSHIP_NEEDS },
  ];
  const preflight = async (it: Legacy): Promise<string> => {
    await using session = await openSession({
      url: it.database.urls.cutover,
      applicationName: 'cutover/test',
      readOnly: true,
    });
    const args = {
      ...{ tables: [], column: 'client_id', type: 'uuid', creates: [], scratch: 's', store: 's', watch: [] },
    };
    const found = await adoptFindings(session, { ...args, maxTransactionAgeMs: 1, adopts }, it.run.ref);
    return found.checks[0]?.observed ?? '';
  };

  test.each([
    [
      'ALTER TABLE organizations DROP COLUMN created_at',
      /has no column created_at; ALTER TABLE "public"."organizations" ADD COLUMN "created_at" timestamp with time zone DEFAULT now\(\)/,
    ],
    [
      'ALTER TABLE organizations DROP COLUMN name',
      /ADD COLUMN "name" text, fill it, then ALTER COLUMN "name" SET NOT NULL/,
    ],
    [
      'ALTER TABLE organizations ALTER COLUMN name TYPE varchar(50)',
      /organizations.name is character varying\(50\) and sql\/test.sql has text/,
    ],
    [
      'ALTER TABLE organizations ALTER COLUMN name DROP NOT NULL',
      /name may be null .* ALTER COLUMN "name" SET NOT NULL/,
    ],
    ['ALTER TABLE organizations ALTER COLUMN color DROP DEFAULT', /color must have a value and has no default/],
    [
      'ALTER TABLE organizations DROP CONSTRAINT organizations_slug_key',
      /not unique over \(slug\); CREATE UNIQUE INDEX CONCURRENTLY/,
    ],
    [
      'ALTER TABLE user_organizations ALTER COLUMN id DROP DEFAULT',
      /user_organizations.id must have a value .* SET DEFAULT gen_random_uuid\(\)/,
    ],
    [
      'ALTER TABLE user_organizations DROP CONSTRAINT user_organizations_user_id_fkey',
      /ADD FOREIGN KEY \(user_id\) REFERENCES users\(id\) ON DELETE CASCADE NOT VALID/,
    ],
    [
      'ALTER TABLE user_organizations DROP CONSTRAINT user_organizations_user_id_fkey, ADD FOREIGN KEY (user_id) REFERENCES users (id)',
      /make the two agree/,
    ],
    ['ALTER TABLE organizations FORCE ROW LEVEL SECURITY', /NO FORCE ROW LEVEL SECURITY until contract/],
    [
      `COMMENT ON TABLE organizations IS 'cutover other-plan.00000000 expand/table'`,
      /left over from run other-plan.00000000/,
    ],
  ])(
    '%s: refused by preflight and by the step, naming what to write, and nothing is left behind',
    async (change, expected) => {
      const it = await standing();
      expect(await preflight(it)).toBe('adopted: public.organizations, public.user_organizations');
      await it.owner(change);
      const before = await dumpSchema(it.database.urls.superuser);
      expect(await preflight(it)).toMatch(expected);
      const step = change.includes('user_organizations') ? memberTable : registryTable;
      await expect(it.run.do(step)).rejects.toMatchObject({
        type: 'Refused',
        message: expect.stringMatching(expected) as string,
      });
      expect(await dumpSchema(it.database.urls.superuser)).toBe(before);
    },
  );

  test('what a run that ended well made is adopted by the next', async () => {
    const it = await legacy(server, `adopt_${names++}`);
    for (const step of [organizations(), memberships()]) await it.run.do(step);
    await it.tool(
      `INSERT INTO cutover.ledger (run_id, seq, step, verb, round, event, body, at, prev_hash, hash) SELECT run_id, seq + 1, 'run', 'note', 0, 'finished', '{"outcome":"done"}', at, hash, 'h' FROM cutover.ledger ORDER BY seq DESC LIMIT 1`,
      'UPDATE cutover.claim SET run_id = NULL',
    );
    const later = new TestRun(it.database.home, { ...it.run.ref, id: 'phase-2.89abcdef', plan: 'phase-2' });
    await later.claim();
    for (const step of [registryTable, memberTable]) expect((await later.do(step)).summary).toContain('is adopted');
  });
});
