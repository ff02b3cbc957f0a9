import { join } from 'node:path';
import { canonical } from '../../../src/core/json';
import { PHASES, phaseIndex } from '../../../src/core/phase';
import type { Step, StepKind, StepOf } from '../../../src/core/step';
import { compiled } from './compiled';

const EVERY = join(__dirname, '../../plans/valid/every-field.yaml');
const SMALLEST = join(__dirname, '../../plans/valid/smallest.yaml');
const RUNBOOK_003 = join(__dirname, '../../../examples/003-client-id/plan.yaml');

describe('the steps of a plan', () => {
  it('stand in the order in which they run, and backwards in the order in which they are undone', async () => {
    const { plan } = await compiled(EVERY);
    expect(plan.steps.map((s) => s.id)).toEqual([
      'preflight/claim',
      'preflight/manual-staging-run',
      'backup/dump',
      'backup/drill',
      'backup/manual-1',
      'expand/table-migration_log',
      'expand/table-organizations',
      'expand/registry',
      'expand/table-user_organizations',
      ...tables('expand/key'),
      ...tables('expand/reference'),
      'expand/manual-tell-support',
      'expand/sql-functions',
      'expand/sql-settings',
      'expand/index-idx_users_client_id',
      'expand/index-idx_uploads_client_id_created_at',
      'expand/index-orders_by_client',
      'expand/index-orders_by_day',
      'expand/index-idx_events_client_id',
      ...tables('backfill/stamp'),
      'backfill/redo',
      'backfill/members',
      ...tables('backfill/required'),
      'backfill/manual-1',
      'validate/shape',
      'validate/recount',
      'validate/query-integrity',
      'validate/query-tenants',
      'validate/query-flag',
      'validate/watch',
      'cutover/freeze',
      'cutover/manual-1',
      'observe/probes',
      'observe/manual-1',
      'contract/retire',
      'contract/manual-1',
      'contract/release',
    ]);
  });

  test.each([EVERY, SMALLEST, RUNBOOK_003])(
    'have ids of their own, within their phase, and phases in order: %s',
    async (path) => {
      const { plan } = await compiled(path);
      expect(new Set(plan.steps.map((s) => s.id)).size).toBe(plan.steps.length);
      expect(plan.steps.every((s) => s.id.startsWith(`${s.phase}/`) && PHASES.includes(s.phase))).toBe(true);
      const places = plan.steps.map((s) => phaseIndex(s.phase));
      expect(places).toEqual([...places].sort((a, b) => a - b));
    },
  );

  test.each([EVERY, SMALLEST, RUNBOOK_003])('refer only to what an earlier step captured: %s', async (path) => {
    const { plan } = await compiled(path);
    plan.steps.forEach((step, i) => {
      const earlier = plan.steps.slice(0, i).map((s) => s.id);
      for (const reference of canonical(step.args).matchAll(/"step":"([^"]+)"/g))
        expect(earlier).toContain(reference[1]);
    });
  });

  it('are small enough for a workflow: the whole of runbook 003 below 100 KB', async () => {
    const { plan } = await compiled(RUNBOOK_003);
    expect(canonical(plan).length).toBeLessThan(100 * 1024);
  });

  it('give every table an index that begins with the key, where the plan names none that does', async () => {
    const { plan } = await compiled(EVERY);
    const indexes = all(plan.steps, 'index').map((s) => s.args);
    for (const { args } of all(plan.steps, 'key')) {
      expect(indexes.filter((i) => i.table === args.table).some((i) => i.columns[0]?.startsWith('client_id'))).toBe(
        true,
      );
    }
  });

  it('lock the tables of the freeze in one fixed order, whatever the order of the plan', async () => {
    const { plan } = await compiled(EVERY);
    const [freeze] = all(plan.steps, 'freeze');
    expect(freeze?.args.tables.map((t) => t.table)).toEqual([
      'audit.events',
      'public.Orders',
      'public.uploads',
      'public.users',
    ]);
    expect(freeze?.args).toMatchObject({ budgetMs: 1500, stallMs: 50, patienceMs: 120_000 });
  });

  it('claim what the plan creates before it is there', async () => {
    const { plan } = await compiled(SMALLEST);
    const [preflight] = all(plan.steps, 'preflight');
    expect(preflight?.args.creates).toEqual([
      'public.organizations',
      'public.user_organizations',
      'public.idx_users_client_id',
      'public.idx_uploads_client_id_created_at',
      'public.validate_client_data_integrity',
    ]);
  });

  it('carry the reasons that approvers are shown', async () => {
    const { plan } = await compiled(EVERY);
    expect(plan.steps.find((s) => s.id === 'expand/sql-settings')?.irreversible).toContain('the row stays');
    expect(plan.remarks.filter((r) => /^(UNSAFE|NO WAY BACK|STAYS)/.test(r))).toHaveLength(3);
    expect(plan.remarks.filter((r) => r.startsWith('T3.'))).toHaveLength(11);
  });

  it('leave to people what only people can do, each with its role', async () => {
    const { plan } = await compiled(EVERY);
    const manual = all(plan.steps, 'manual');
    expect(manual.map((s) => s.args.role)).toEqual(['lead', 'dba', 'lead', 'lead', 'lead', 'sre', 'sre']);
    expect(manual[0]).toMatchObject({
      id: 'preflight/manual-staging-run',
      title: 'By hand: The staging run is recorded.',
      args: { what: 'The staging run is recorded' },
    });
  });

  it('roll back on a breach where the plan says so in either place', async () => {
    expect((await compiled(EVERY)).plan.onFailure.observe).toBe('rollback');
    expect((await compiled(SMALLEST)).plan.onFailure.observe).toBeUndefined();
  });

  it('carry the gates in milliseconds', async () => {
    const { plan } = await compiled(EVERY);
    expect(plan.gates.cutover).toEqual({
      require: [
        { role: 'lead', count: 1 },
        { role: 'sre', count: 1 },
      ],
      onExpiry: 'rollback',
      excludeRequester: false,
      expiresMs: 14_400_000,
      backupMaxAgeMs: 86_400_000,
      window: { from: '22:00', to: '05:00', tz: 'Europe/Berlin' },
    });
  });
});

function tables(prefix: string): readonly string[] {
  return ['users', 'uploads', 'Orders', 'audit.events'].map((t) => `${prefix}-${t}`);
}

function all<K extends StepKind>(steps: readonly Step[], kind: K): readonly StepOf<K>[] {
  return steps.filter((s) => s.kind === kind) as unknown as readonly StepOf<K>[];
}
