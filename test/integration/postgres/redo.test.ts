import { archiveFindings } from '../../../activities/postgres/preflight/archive';
import { openSession } from '../../../activities/postgres/session';
import { recountStep } from '../../../activities/postgres/steps/recount';
import { redoStep } from '../../../activities/postgres/steps/redo';
import { startBackupServer, type BackupServer } from '../../support/backup-server';
import {
  adopting,
  key,
  legacy,
  members,
  MEMBERSHIP,
  MEMBERSHIP_NEEDS,
  memberships,
  organizations,
  registry,
  REGISTRY_NEEDS,
  table,
  TENANT,
  type Legacy,
} from '../../support/pg-legacy';
import { TestRun, type StepToRun } from '../../support/pg-run';

jest.setTimeout(180_000);

const SECOND = '11111111-1111-1111-1111-111111111111';
const KEYED = ['public.users', 'public.uploads', 'public.products'];

describe('a run after one that was rolled back', () => {
  let server: BackupServer;
  let names = 0;

  beforeAll(async () => {
    server = await startBackupServer();
  });
  afterAll(async () => server.close());

  const redo = (archive = 'latest'): StepToRun<'redo'> => ({
    id: 'backfill/redo',
    kind: 'redo',
    args: {
      archive,
      registry: { table: 'public.organizations', id: 'id' },
      members: MEMBERSHIP,
      tables: KEYED.map((name) => ({ table: name, column: 'client_id', type: 'uuid' })),
      tenant: TENANT,
    },
    handler: redoStep,
  });
  const recount: StepToRun<'recount'> = {
    id: 'validate/recount',
    kind: 'recount',
    args: {
      tables: KEYED.map((name) => ({
        ...{ table: name, column: 'client_id' },
        rule: { kind: 'constant', tenant: TENANT },
      })),
      registry: { table: 'public.organizations', id: 'id' },
      members: MEMBERSHIP,
      redone: { step: 'backfill/redo', name: 'redone' },
      as: ['owner', 'app'],
    },
    handler: recountStep,
  };
  type Steps = readonly StepToRun<never>[];
  const expand = [organizations(), registry(), memberships(), ...KEYED.map((name) => key(name))];
  const first = [...expand, members()] as unknown as Steps;
  const again = [...expand, redo(), members(), recount] as unknown as Steps;

  const forward = async (run: TestRun, steps: Steps): Promise<void> => {
    for (const step of steps)
      expect([step.id, await run.do(step)]).toEqual([step.id, expect.objectContaining({ verdict: 'pass' })]);
  };
  const back = async (run: TestRun, steps: Steps): Promise<void> => {
    for (const step of [...steps].reverse())
      expect([step.id, await run.undo(step)]).toEqual([step.id, expect.objectContaining({ verdict: 'pass' })]);
  };
  const laterRun = async (it: Legacy, id: string): Promise<TestRun> => {
    await it.tool('UPDATE cutover.claim SET run_id = NULL');
    const run = new TestRun(it.database.home, { ...it.run.ref, id });
    await run.claim();
    return run;
  };
  /** What the application wrote in the new shape: a second tenant with rows, an admin, a new name, a membership that ended. */
  const secondTenant = (it: Legacy): Promise<unknown> =>
    it.app(
      `INSERT INTO organizations (id, name, slug) VALUES ('${SECOND}', 'Second', 'second')`,
      `INSERT INTO users (email, display_name, client_id) VALUES ('b@example.com', 'B', '${SECOND}'), ('gone@example.com', 'G', '${SECOND}')`,
      `DELETE FROM user_organizations WHERE user_id IN (SELECT id FROM users WHERE client_id = '${SECOND}')`,
      `INSERT INTO user_organizations (user_id, organization_id, role) SELECT id, client_id, 'owner' FROM users WHERE client_id = '${SECOND}'`,
      `INSERT INTO user_organizations (user_id, organization_id, role) SELECT id, '${SECOND}', 'guest' FROM users WHERE client_id <> '${SECOND}' ORDER BY email LIMIT 1`,
      `UPDATE user_organizations SET role = 'admin' WHERE role = 'member' AND user_id = (SELECT id FROM users ORDER BY email LIMIT 1)`,
      `UPDATE organizations SET name = 'Renamed', created_at = '2020-01-01' WHERE slug = 'default-org'`,
      `INSERT INTO products (ean, name, client_id) SELECT i::text, 'of the second', '${SECOND}' FROM generate_series(1, 4500) AS i`,
      `UPDATE products SET client_id = '${SECOND}' WHERE id <= 5`,
    );
  const state = async (it: Legacy): Promise<Readonly<Record<string, unknown>>> => ({
    organizations: await it.owner('SELECT * FROM organizations ORDER BY id'),
    members: await it.owner('SELECT * FROM user_organizations ORDER BY id'),
    ...Object.fromEntries(
      await Promise.all(
        KEYED.map(async (name) => [name, await it.owner(`SELECT id, client_id FROM ${name} ORDER BY id`)] as const),
      ),
    ),
  });

  test('undo then redo loses nothing: tenants, memberships and keys are to the last value what they were, and a second time too', async () => {
    const it = await legacy(server, `redo_${names++}`);
    await forward(it.run, first);
    await secondTenant(it);
    const before = await state(it);
    await back(it.run, first);

    const second = await laterRun(it, 'phase-1.11111111');
    await forward(second, again);
    expect(await state(it)).toEqual(before);
    await forward(second, [redo(), members(), recount] as unknown as Steps);
    expect(await state(it)).toEqual(before);
    await back(second, again);

    const third = await laterRun(it, 'phase-1.22222222');
    await forward(third, again);
    expect(await state(it)).toEqual(before);
  });

  test('what the old application deleted meanwhile is counted and listed, what it added follows the rule', async () => {
    const it = await legacy(server, `redo_${names++}`);
    await forward(it.run, first);
    await secondTenant(it);
    await back(it.run, first);
    await it.app(
      `DELETE FROM products WHERE ean = '7' AND name = 'of the second'`,
      `DELETE FROM users WHERE email = 'gone@example.com'`,
      `INSERT INTO users (email, display_name) VALUES ('new@example.com', 'n')`,
    );
    const second = await laterRun(it, 'phase-1.11111111');
    await forward(second, expand as unknown as Steps);
    const evidence = await second.do(redo());
    expect(evidence).toMatchObject({ verdict: 'pass', figures: { gone: 3, differing: 0, source: 'phase-1.0123abcd' } });
    expect(evidence.figures?.['gone from public.products']).toMatch(/^\{"id": \d+\}$/);
    await it.app(`DELETE FROM products WHERE ean = '8' AND name = 'of the second'`);
    await forward(second, [members(), recount] as unknown as Steps);
    expect(
      await it.owner(
        `SELECT m.role, o.slug FROM user_organizations m JOIN users u ON u.id = m.user_id JOIN organizations o ON o.id = m.organization_id WHERE u.email IN ('new@example.com', 'b@example.com') ORDER BY 1`,
      ),
    ).toEqual([
      { role: 'member', slug: 'default-org' },
      { role: 'owner', slug: 'second' },
    ]);
    await it.app(`UPDATE products SET client_id = '${SECOND}' WHERE id = 9`);
    const strange = await second.do(recount);
    expect(strange.verdict).toBe('fail');
    expect(strange.summary).toContain('rows of other tenants that are not in the archive');
  });

  test('a key that somebody has set meanwhile is not overwritten, and stops the run until it is put right', async () => {
    const it = await legacy(server, `redo_${names++}`);
    await forward(it.run, first);
    await secondTenant(it);
    await back(it.run, first);
    const second = await laterRun(it, 'phase-1.11111111');
    await forward(second, expand as unknown as Steps);
    await it.app(`UPDATE products SET client_id = '22222222-2222-2222-2222-222222222222' WHERE id = 1`);
    const evidence = await second.do(redo());
    expect(evidence).toMatchObject({ verdict: 'fail', figures: { differing: 1 } });
    expect(evidence.summary).toContain('1 differ from it and stay');
    expect(await it.owner('SELECT client_id FROM products WHERE id = 1')).toEqual([
      { client_id: '22222222-2222-2222-2222-222222222222' },
    ]);
    await it.app(`UPDATE products SET client_id = '${SECOND}' WHERE id = 1`);
    await forward(second, [redo(), members(), recount] as unknown as Steps);
  });

  test('numbers that come back are not drawn again', async () => {
    const it = await legacy(server, `redo_${names++}`);
    const numbered = table(
      'public.user_organizations',
      'CREATE TABLE public.user_organizations (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE, organization_id uuid NOT NULL, role text, UNIQUE (user_id, organization_id))',
    );
    const expanded = [organizations(), registry(), numbered, key('public.users')] as unknown as Steps;
    await forward(it.run, [...expanded, members()] as unknown as Steps);
    await back(it.run, [...expanded, members()] as unknown as Steps);
    const second = await laterRun(it, 'phase-1.11111111');
    const users = { ...redo(), args: { ...redo().args, tables: redo().args.tables.slice(0, 1) } };
    await forward(second, [...expanded, users] as unknown as Steps);
    await it.app(`INSERT INTO users (email, display_name) VALUES ('next@example.com', 'n')`);
    await forward(second, [members()] as unknown as Steps);
    expect(await it.owner('SELECT count(*) = max(id) AS dense FROM user_organizations')).toEqual([{ dense: true }]);
  });

  test('rows come back whatever the number of digits of their primary keys', async () => {
    const it = await legacy(server, `redo_${names++}`);
    const numbered = table(
      'public.user_organizations',
      'CREATE TABLE public.user_organizations (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE, organization_id uuid NOT NULL, role text, UNIQUE (user_id, organization_id))',
    );
    const expanded = [organizations(), registry(), numbered, key('public.users')] as unknown as Steps;
    await it.app(
      `INSERT INTO users (email, display_name) SELECT 'n' || i || '@example.com', 'n' FROM generate_series(1, 130) AS i`,
    );
    await forward(it.run, [...expanded, members()] as unknown as Steps);
    const made = await it.owner('SELECT * FROM user_organizations ORDER BY id');
    await back(it.run, [...expanded, members()] as unknown as Steps);
    const second = await laterRun(it, 'phase-1.11111111');
    const users = { ...redo(), args: { ...redo().args, tables: redo().args.tables.slice(0, 1) } };
    await forward(second, [...expanded, users] as unknown as Steps);
    expect(made.length).toBeGreaterThan(130);
    expect(await it.owner('SELECT * FROM user_organizations ORDER BY id')).toEqual(made);
  });

  test('puts back into tables that were there before what it took out of them, and takes it out again', async () => {
    const it = await legacy(server, `redo_${names++}`);
    const adopted = [
      adopting(organizations(), REGISTRY_NEEDS),
      registry(),
      adopting(memberships(), MEMBERSHIP_NEEDS),
      ...KEYED.map((name) => key(name)),
    ] as unknown as Steps;
    await it.owner(organizations().args.create, memberships().args.create);
    const rows = async (): Promise<unknown> => [
      await it.owner('SELECT * FROM organizations ORDER BY id'),
      await it.owner('SELECT * FROM user_organizations ORDER BY id'),
    ];
    await forward(it.run, [...adopted, members()] as unknown as Steps);
    await it.app(`UPDATE user_organizations SET role = 'admin'`);
    const inUse = await rows();
    await back(it.run, [...adopted, members()] as unknown as Steps);
    expect(await rows()).toEqual([[], []]);
    const second = await laterRun(it, 'phase-1.11111111');
    await forward(second, [...adopted, redo(), members()] as unknown as Steps);
    expect(await rows()).toEqual(inUse);
    await back(second, [...adopted, redo(), members()] as unknown as Steps);
    expect(await rows()).toEqual([[], []]);
    const third = await laterRun(it, 'phase-1.22222222');
    await forward(third, [...adopted, redo()] as unknown as Steps);
    await back(third, [...adopted, redo()] as unknown as Steps);
    expect(await rows()).toEqual([[], []]);
  });

  test('is told of the archive whatever the plan says about it, and an archive that is not there is refused', async () => {
    const it = await legacy(server, `redo_${names++}`);
    const said = async (choice: string): Promise<string> => {
      await using session = await openSession({ url: it.database.urls.cutover, applicationName: 'cutover/test' });
      const found = await archiveFindings(session, choice, { ...it.run.ref, id: 'phase-1.11111111' });
      return [...(found.warnings ?? []), ...found.checks.map((c) => c.observed)].join('\n');
    };
    expect(await said('none')).toBe('');
    expect(await said('latest')).toContain('nothing to put back');
    expect(await it.run.do(redo())).toMatchObject({
      verdict: 'pass',
      summary: expect.stringContaining('nothing to put back') as string,
    });
    await forward(it.run, first);
    await back(it.run, first);
    expect(await said('none')).toMatch(
      /archive of run phase-1.0123abcd, .* holds 6 rows \(public.organizations 1, public.user_organizations 5\); .* tenancy.redo: latest would/,
    );
    expect(await said('latest')).toContain('it will be put back');
    expect(await said('phase-1.99999999')).toContain(
      'there is none of run phase-1.99999999 (there are: phase-1.0123abcd)',
    );
    const second = await laterRun(it, 'phase-1.11111111');
    await expect(second.do(redo('phase-1.99999999'))).rejects.toMatchObject({ type: 'Refused' });
  });
});
