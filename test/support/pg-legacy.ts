import type { TableNeeds } from '../../src/core/table-args';
import type { Captured, Membership } from '../../src/core/tenancy-args';
import type { StepArgs } from '../../src/core/step';
import { keyStep } from '../../activities/postgres/steps/key';
import { membersStep } from '../../activities/postgres/steps/members';
import { registryStep } from '../../activities/postgres/steps/registry';
import { tableStep } from '../../activities/postgres/steps/table';
import { run as sql, type BackupDatabase, type BackupServer } from './backup-server';
import { TestRun, type StepToRun } from './pg-run';

export const ORGANIZATIONS_DDL = `CREATE TABLE public.organizations (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL UNIQUE, slug text NOT NULL UNIQUE, created_at timestamptz DEFAULT now())`;
export const MEMBERSHIPS_DDL = `CREATE TABLE public.user_organizations (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
       organization_id uuid NOT NULL REFERENCES public.organizations (id), role text NOT NULL, UNIQUE (user_id, organization_id))`;

/** A legacy database of its own, a run that has claimed it, and the steps of runbook 003 by name. */
export interface Legacy {
  readonly database: BackupDatabase;
  readonly run: TestRun;
  owner(...statements: readonly string[]): Promise<readonly Record<string, unknown>[]>;
  app(...statements: readonly string[]): Promise<readonly Record<string, unknown>[]>;
  tool(...statements: readonly string[]): Promise<readonly Record<string, unknown>[]>;
}

export async function legacy(server: BackupServer, name: string, rows = 1_000): Promise<Legacy> {
  const database = await server.database(name, rows);
  const run = new TestRun(database.home);
  await run.claim();
  return {
    database,
    run,
    owner: (...statements) => sql(database.urls.owner, ...statements),
    app: (...statements) => sql(database.urls.app, ...statements),
    tool: (...statements) => sql(database.urls.cutover, ...statements),
  };
}

export const TENANT: Captured = { step: 'expand/registry', name: 'tenant' };

export function organizations(): StepToRun<'table'> {
  return table('public.organizations', ORGANIZATIONS_DDL);
}

export function memberships(): StepToRun<'table'> {
  return table('public.user_organizations', MEMBERSHIPS_DDL);
}

export function table(name: string, create: string): StepToRun<'table'> {
  const args: StepArgs['table'] = { table: name, create, file: 'sql/test.sql', purpose: 'test', like: 'public.users' };
  return { id: `expand/table-${name}`, kind: 'table', args, handler: tableStep };
}

export const REGISTRY_NEEDS: TableNeeds = { fills: ['id', 'name', 'slug'], unique: [['id'], ['slug']] };
export const MEMBERSHIP_NEEDS: TableNeeds = {
  fills: ['user_id', 'organization_id', 'role'],
  unique: [['user_id', 'organization_id']],
};

/** The same step on a database where the table may be there already. */
export function adopting(step: StepToRun<'table'>, needs: TableNeeds): StepToRun<'table'> {
  return { ...step, args: { ...step.args, needs } };
}

export function registry(): StepToRun<'registry'> {
  const args = {
    table: 'public.organizations',
    id: 'id',
    identify: 'slug',
    values: { name: 'Default', slug: 'default-org' },
  };
  return { id: TENANT.step, kind: 'registry', args, handler: registryStep };
}

export function key(name: string, type = 'uuid'): StepToRun<'key'> {
  return {
    id: `expand/key-${name}`,
    kind: 'key',
    args: { table: name, column: 'client_id', type, tenant: TENANT },
    handler: keyStep,
  };
}

export const MEMBERSHIP: Membership = {
  table: 'public.user_organizations',
  user: 'user_id',
  tenant: 'organization_id',
  roleColumn: 'role',
  role: 'member',
  from: { table: 'public.users', column: 'id', key: 'client_id' },
};

export function members(): StepToRun<'members'> {
  return { id: 'backfill/members', kind: 'members', args: MEMBERSHIP, handler: membersStep };
}
