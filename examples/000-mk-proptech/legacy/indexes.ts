import type { Db } from 'mongodb';

/** The legacy database's own indexes: two of the unique ones are about to mean "per tenant" (trap T0.7). */
export async function createIndexes(db: Db): Promise<void> {
  const named = { unique: true } as const;
  await db.collection('users').createIndexes([
    { key: { id: 1 }, name: 'users_id' },
    { key: { email: 1 }, name: 'users_email_unique', ...named },
  ]);
  await db.collection('properties').createIndexes([
    { key: { id: 1 }, name: 'properties_id' },
    { key: { code: 1 }, name: 'properties_code_unique', ...named },
  ]);
  await db.collection('contacts').createIndexes([
    { key: { id: 1 }, name: 'contacts_id' },
    {
      key: { email: 1 },
      name: 'contacts_email_unique',
      ...named,
      partialFilterExpression: { email: { $type: 'string' } },
    },
  ]);
  await db.collection('units').createIndexes([
    { key: { id: 1 }, name: 'units_id' },
    { key: { property_id: 1 }, name: 'units_of_property' },
  ]);
  await db.collection('leases').createIndexes([
    { key: { id: 1 }, name: 'leases_id' },
    { key: { unit_id: 1, status: 1 }, name: 'leases_of_unit' },
  ]);
  await db.collection('payments').createIndexes([
    { key: { id: 1 }, name: 'payments_id' },
    { key: { lease_id: 1, created_at: -1 }, name: 'payments_of_lease' },
  ]);
  for (const name of ['documents', 'maintenance_requests', 'messages', 'audit_log'])
    await db.collection(name).createIndex({ id: 1 }, { name: `${name}_id` });
  await db.collection('jobs').createIndex({ status: 1 }, { name: 'jobs_status' });
  await db.collection('sessions').createIndexes([
    { key: { token: 1 }, name: 'sessions_token_unique', ...named },
    { key: { expires_at: 1 }, name: 'sessions_ttl', expireAfterSeconds: 0 },
  ]);
}
