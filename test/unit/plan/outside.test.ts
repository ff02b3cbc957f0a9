import { join } from 'node:path';
import { describe as describeStep } from '../../../activities/postgres/describe';
import type { Step } from '../../../src/core/step';
import { renderPreview } from '../../../src/plan/preview';
import { compiled } from './compiled';

const OUTSIDE = join(__dirname, '../../plans/valid/outside.yaml');
const RUNBOOK_003 = join(__dirname, '../../../examples/003-client-id/plan.yaml');

describe('a PostgreSQL plan whose switch is more than its flag', () => {
  it('deploys and makes live before the freeze what stands before the flag, and after its commit what stands behind it', async () => {
    const { plan } = await compiled(OUTSIDE);
    expect(plan.steps.filter((s) => s.phase === 'cutover').map((s) => s.id)).toEqual([
      'cutover/config-backend-env',
      'cutover/deploy-backend@both-shapes',
      'cutover/freeze',
      'cutover/config-frontend-env',
      'cutover/deploy-frontend@tenants',
      'cutover/deploy-backend@tenants-only',
      'cutover/prove-1',
    ]);
  });

  it('tells each deployment what went live since the build that it replaces was started, so that its undo puts that back first', async () => {
    const { plan } = await compiled(OUTSIDE);
    const backend = { step: 'configure/config-backend-env', name: 'staged' };
    const frontend = { step: 'configure/config-frontend-env', name: 'staged' };
    const of = (id: string): Step['args'] | undefined => plan.steps.find((s) => s.id === id)?.args;
    expect(of('cutover/config-backend-env')).toEqual({ live: backend });
    expect(of('cutover/deploy-backend@both-shapes')).toEqual({
      service: 'backend',
      build: 'both-shapes',
      timeoutMs: 90_000,
      config: [backend],
    });
    expect(of('cutover/freeze')).toMatchObject({
      around: [{ build: 'both-shapes' }, { build: 'tenants' }, { build: 'tenants-only' }],
    });
    expect(of('cutover/deploy-backend@tenants-only')).toMatchObject({ config: [frontend] });
    expect(of('cutover/deploy-frontend@tenants')).toMatchObject({ config: [backend, frontend] });
  });

  it('marks its log in preflight, exports in backup, compares after the cutover', async () => {
    const { plan } = await compiled(OUTSIDE);
    const of = (id: string): Step['args'] | undefined => plan.steps.find((s) => s.id === id)?.args;
    expect(of('preflight/claim')).toMatchObject({ logs: ['app-log'] });
    expect(of('backup/export-users')).toMatchObject({ table: 'public.users', columns: ['email', 'role'], key: 'id' });
    expect(of('observe/diff-users')).toEqual({ export: 'backup/export-users' });
    expect(of('observe/probes')).toMatchObject({
      probes: [{ kind: 'log', target: 'app-log', baseline: 'preflight/claim' }],
      keep: { logs: ['app-log'] },
    });
  });

  it('says in the preview of each act when it happens and what its way back is', async () => {
    const { plan, digest } = await compiled(OUTSIDE);
    const text = renderPreview({ plan, digest, describe: describeStep });
    expect(text).toContain('Run build both-shapes of backend, before the freeze: it must work with both shapes.');
    expect(text).toContain('Run build tenants-only of backend, after the freeze.');
    expect(text).toContain('undo: the configuration as it was, then the build that ran before, in the same way');
    expect(text).toContain('what configure/config-backend-env has staged becomes live in backend-env');
    expect(text).toContain('GET /health of api -> expects status 200 with "tenants-only" in its body within 3 s');
    expect(text).toContain('probe errors: new lines of app-log with "ERROR" -> at most 3 times the rate before');
  });

  it('changes nothing for a plan that has a flag and no more', async () => {
    const { plan } = await compiled(RUNBOOK_003);
    expect(plan.steps.filter((s) => s.phase === 'cutover').map((s) => s.id)).toEqual(['cutover/freeze']);
  });
});
