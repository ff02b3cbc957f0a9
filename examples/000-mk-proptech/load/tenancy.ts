import type { Db } from 'mongodb';
import { REGISTRY, SCOPED } from './collections';

/** What is wrong with the database's tenant keys as a whole; the load's own documents are judged one by one. */
export async function tenancyProblems(db: Db, defaultTenant: string | undefined): Promise<readonly string[]> {
  return defaultTenant === undefined ? leftovers(db) : gaps(db, defaultTenant);
}

/** After a rollback nothing of the new shape may be left but what was there before it: null and "" (trap T0.2). */
async function leftovers(db: Db): Promise<string[]> {
  const problems: string[] = [];
  for (const name of await existing(db)) {
    const keyed = await db.collection(name).countDocuments({ tenant_id: { $exists: true, $nin: [null, ''] } });
    if (keyed > 0) problems.push(`${name} still has ${keyed} documents with a tenant_id`);
  }
  for (const name of REGISTRY) {
    const left = await db.collection(name).countDocuments({});
    if (left > 0) problems.push(`${name} still holds ${left} documents`);
  }
  return problems;
}

async function gaps(db: Db, defaultTenant: string): Promise<string[]> {
  const problems: string[] = [];
  const tenants = (await db.collection('tenants').find({}).toArray()).map(({ id }) => id as unknown);
  const copies = tenants.filter((id) => id === defaultTenant).length;
  if (copies !== 1) problems.push(`there are ${copies} tenants ${defaultTenant}`);
  if (new Set(tenants).size !== tenants.length) problems.push('two tenants have the same id');
  for (const name of await existing(db)) {
    const without = await db.collection(name).countDocuments({ tenant_id: { $nin: tenants } });
    if (without > 0) problems.push(`${name} has ${without} documents that belong to no tenant`);
  }
  return [...problems, ...(await membershipGaps(db))];
}

async function membershipGaps(db: Db): Promise<string[]> {
  const seen = new Set<string>();
  const members = new Set<unknown>();
  const problems: string[] = [];
  for await (const { tenant_id, user_id } of db.collection('tenant_memberships').find({})) {
    const pair = `${String(tenant_id)} ${String(user_id)}`;
    if (seen.has(pair)) problems.push(`the membership ${pair} is there twice`);
    seen.add(pair);
    members.add(user_id);
  }
  for await (const { id } of db.collection('users').find({}, { projection: { id: 1 } }))
    if (!members.has(id)) problems.push(`the user ${String(id)} is no member of any tenant`);
  return problems;
}

async function existing(db: Db): Promise<string[]> {
  const all = await db.listCollections({}, { nameOnly: true }).toArray();
  return all.map(({ name }) => name).filter((name) => SCOPED.has(name));
}
