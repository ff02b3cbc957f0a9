import type { PoolClient } from 'pg';
import { prepared } from './prepared';

export type Version = 'v1' | 'v2';

/**
 * Which application this is, for this transaction: v2 when app_settings.tenancy is `on`.
 *
 * Read in the transaction that does the work, and never remembered, so that no request outlives the switch by more than
 * its own transaction. One that read v1 and then waited for its table through the freeze goes on as v1 in the new world.
 * Where the table stamps that is harmless; where it would not be (createUser), the flag is read after the write.
 */
export async function readVersion(client: PoolClient): Promise<Version> {
  const { rows } = await client.query<{ value: string }>(
    prepared(`SELECT value FROM app_settings WHERE key = 'tenancy'`),
  );
  return rows[0]?.value === 'on' ? 'v2' : 'v1';
}
