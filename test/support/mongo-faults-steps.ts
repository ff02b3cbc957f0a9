import type { Db, Document } from 'mongodb';
import { indexStep } from '../../activities/mongodb/steps/index-build';
import { membersStep } from '../../activities/mongodb/steps/members';
import { registryStep } from '../../activities/mongodb/steps/registry';
import { requiredStep } from '../../activities/mongodb/steps/required';
import { stampStep } from '../../activities/mongodb/steps/stamp';
import { tableStep } from '../../activities/mongodb/steps/table';
import type { StepArgs, StepKind } from '../../src/core/step';
import type { MongoStepToRun } from './mongo-run';

export const KEY = 'tenant_id';

/** Documents to stamp: several windows, and several messages of every cursor over them. */
export const UNITS = 1_200;

/** The application's own collections, as before a run. */
export async function fillFaults(db: Db): Promise<void> {
  for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray())
    if (!name.startsWith('system.')) await db.collection(name).drop();
  const units = Array.from({ length: UNITS }, (_, n): Document => ({ _id: n, n, name: `unit ${n}` }));
  // For the sweeps: what no window reaches.
  units.push({ _id: 'null', [KEY]: null }, { _id: 'empty', [KEY]: '' }, { _id: 'number', [KEY]: 7 });
  await db.collection<Document>('units').insertMany(units);
  const users: readonly Document[] = [
    { _id: 'u1', id: 'one', role: 'owner' },
    { _id: 'u2', id: 'two', role: 'clerk' },
  ];
  await db.collection<Document>('users').insertMany([...users]);
}

/** Fields that differ from run to run. */
export const DRAWN = { tenants: ['_id', 'created_at'], memberships: ['_id', 'id', 'created_at'] } as const;

const table = (name: string, create: Document, needs: StepArgs['table']['needs']): MongoStepToRun<'table'> => ({
  ...{ id: `expand/table-${name}`, kind: 'table', handler: tableStep },
  args: {
    ...{ table: name, create: JSON.stringify(create), file: `collections/${name}.json`, purpose: name, like: 'users' },
    ...{ needs },
  },
});

const TENANTS = table(
  'tenants',
  {
    options: { validator: { naziv: { $type: 'string' } } },
    indexes: [{ name: 'id_unique', key: { id: 1 }, unique: true }],
  },
  { fills: ['id', 'naziv'], unique: [['id']] },
);

export const REGISTRY: MongoStepToRun<'registry'> = {
  ...{ id: 'expand/registry', kind: 'registry', handler: registryStep },
  args: {
    ...{ table: 'tenants', id: 'id', identify: 'id' },
    values: { id: 'tenant-default', naziv: 'Primarni profil' },
    fill: { created_at: 'now' },
  },
};

const MEMBERSHIPS = table(
  'memberships',
  { indexes: [{ name: 'user_tenant', key: { user_id: 1, tenant_id: 1 }, unique: true }] },
  { fills: ['user_id', 'tenant_id', 'role'], unique: [['user_id', 'tenant_id']] },
);

const REQUIRED: MongoStepToRun<'required'> = {
  ...{ id: 'expand/validator-units', kind: 'required', handler: requiredStep },
  args: { table: 'units', column: KEY, name: 'validator' },
};

export const STAMP: MongoStepToRun<'stamp'> = {
  ...{ id: 'backfill/stamp-units', kind: 'stamp', handler: stampStep },
  args: {
    ...{ table: 'units', column: KEY },
    rule: { kind: 'constant', tenant: { step: 'expand/registry', name: 'tenant' } },
  },
};

export const MEMBERS: MongoStepToRun<'members'> = {
  ...{ id: 'backfill/members', kind: 'members', handler: membersStep },
  args: {
    ...{ table: 'memberships', user: 'user_id', tenant: KEY, roleColumn: 'role', role: 'member' },
    roles: { column: 'role', map: { owner: 'owner' } },
    ...{ values: { status: 'active' }, fill: { id: 'uuid', created_at: 'now' } },
    from: { table: 'users', column: 'id', key: KEY },
    otherwise: { step: 'expand/registry', name: 'tenant' },
  },
};

const INDEX: MongoStepToRun<'index'> = {
  ...{ id: 'backfill/index-units', kind: 'index', handler: indexStep },
  args: { table: 'units', name: 'units_tenant', columns: [KEY] },
};

export type AnyStep = { readonly [K in StepKind]: MongoStepToRun<K> }[StepKind];

/** In the order of a plan; the way back goes through them backwards. */
export const STEPS: readonly AnyStep[] = [TENANTS, REGISTRY, MEMBERSHIPS, REQUIRED, STAMP, MEMBERS, INDEX];
