import type { PoolClient } from 'pg';
import { prepared } from './prepared';

export type Version = 'v1' | 'v2';

/**
 * Which application this is, for this transaction: v2 when app_settings.tenancy is `on`.
 *
 * Read in the transaction that does the work, and never remembered, so that no request outlives the switch by more than
 * its own transaction. The share lock it takes on app_settings is held until the commit: who takes ACCESS EXCLUSIVE
 * there before switching knows that no transaction is under way that has read the old value.
 */
export async function readVersion(client: PoolClient): Promise<Version> {
  const { rows } = await client.query<{ value: string }>(
    prepared(`SELECT value FROM app_settings WHERE key = 'tenancy'`),
  );
  return rows[0]?.value === 'on' ? 'v2' : 'v1';
}
