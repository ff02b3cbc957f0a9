import type { PoolClient } from 'pg';
import { integer, text, type Fields } from './fields';
import { prepared } from './prepared';
import { readTenant, type Caller, type Tenant } from './tenant';

export interface Read {
  readonly tenant: Tenant;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

export type Reader = (client: PoolClient, caller: Caller, fields: Fields) => Promise<Read>;

export const listProducts: Reader = async (client, caller, f) => {
  const tenant = await readTenant(client, caller);
  const limit = Math.min(integer(f, 'limit', 20), 500);
  if (tenant.version === 'v1') {
    return rows(client, tenant, 'SELECT * FROM products ORDER BY id DESC LIMIT $1', [limit]);
  }
  const sql = 'SELECT * FROM products WHERE client_id = $2 ORDER BY id DESC LIMIT $1';
  return rows(client, tenant, sql, [limit, tenant.organizationId]);
};

export const listSellout: Reader = async (client, caller, f) => {
  const tenant = await readTenant(client, caller);
  const values = [text(f, 'ean'), integer(f, 'year'), integer(f, 'month')];
  const where = 'ean = $1 AND year = $2 AND month = $3';
  if (tenant.version === 'v1') {
    return rows(client, tenant, `SELECT * FROM sellout_entries2 WHERE ${where} LIMIT 100`, values);
  }
  const sql = `SELECT * FROM sellout_entries2 WHERE client_id = $4 AND ${where} LIMIT 100`;
  return rows(client, tenant, sql, [...values, tenant.organizationId]);
};

export const listUploads: Reader = async (client, caller, f) => {
  const tenant = await readTenant(client, caller);
  const limit = Math.min(integer(f, 'limit', 20), 500);
  if (tenant.version === 'v1') {
    return rows(client, tenant, 'SELECT * FROM uploads ORDER BY id DESC LIMIT $1', [limit]);
  }
  const sql = 'SELECT * FROM uploads WHERE client_id = $2 ORDER BY created_at DESC LIMIT $1';
  return rows(client, tenant, sql, [limit, tenant.organizationId]);
};

/** `SELECT *` throughout, as an ORM writes it: what a new column does to such statements is part of the example. */
async function rows(client: PoolClient, tenant: Tenant, sql: string, values: readonly unknown[]): Promise<Read> {
  const result = await client.query<Record<string, unknown>>(prepared(sql, values));
  return { tenant, rows: result.rows };
}
