import type { PoolClient } from 'pg';
import { Failure } from './failures';
import { decimal, integer, json, optionalText, text, type Fields } from './fields';
import { prepared } from './prepared';
import { readTenant, type Caller, type Tenant } from './tenant';

export interface Written {
  readonly tenant: Tenant;
  /** By table, the primary key of each row that was written. */
  readonly ids: Readonly<Record<string, number | string>>;
  readonly counter?: number;
}

export type Write = (client: PoolClient, caller: Caller, fields: Fields) => Promise<Written>;

/**
 * Inserts first and asks for the flag then: having the table's lock, it sees either the old world, whose sweep will give
 * this user a membership, or the new one, where that is its own duty. The other way round a user could fall in between.
 */
export const createUser: Write = async (client, caller, f): Promise<Written> => {
  const values = [text(f, 'email'), text(f, 'display_name'), optionalText(f, 'request_id')];
  const id = await insert(client, INSERT.user, values);
  const tenant = await readTenant(client, caller);
  if (tenant.version === 'v1') return { tenant, ids: { users: id } };
  const membership = await insert(client, INSERT.membership, [id, tenant.organizationId, 'member']);
  return { tenant, ids: { users: id, user_organizations: membership } };
};

/** The one insert that already knows the tenant key. All the others leave it to the stamping of the table. */
export const createUpload: Write = async (client, caller, f) => {
  const tenant = await readTenant(client, caller);
  const values = [
    text(f, 'user_id'),
    text(f, 'file_name'),
    text(f, 'status'),
    integer(f, 'byte_size', 0),
    optionalText(f, 'request_id'),
  ];
  const id =
    tenant.version === 'v1'
      ? await insert(client, INSERT.upload, values)
      : await insert(client, INSERT.uploadOfTenant, [...values, tenant.organizationId]);
  return { tenant, ids: { uploads: id } };
};

export const createSellout: Write = async (client, caller, f) => {
  const tenant = await readTenant(client, caller);
  const values = [
    integer(f, 'upload_id'),
    text(f, 'ean'),
    integer(f, 'year'),
    integer(f, 'month'),
    integer(f, 'quantity'),
    decimal(f, 'amount'),
    text(f, 'payload'),
    optionalText(f, 'request_id'),
  ];
  return { tenant, ids: { sellout_entries2: await insert(client, INSERT.sellout, values) } };
};

export const createProduct: Write = async (client, caller, f) => {
  const tenant = await readTenant(client, caller);
  const values = [
    text(f, 'ean'),
    text(f, 'name'),
    optionalText(f, 'brand'),
    decimal(f, 'price'),
    optionalText(f, 'request_id'),
  ];
  return { tenant, ids: { products: await insert(client, INSERT.product, values) } };
};

/** A processed upload leaves a row in each of the three logs, or in none. */
export const createLogs: Write = async (client, caller, f) => {
  const tenant = await readTenant(client, caller);
  const upload = integer(f, 'upload_id');
  const key = optionalText(f, 'request_id');
  const email = [text(f, 'user_id'), text(f, 'recipient'), text(f, 'subject'), key];
  return {
    tenant,
    ids: {
      processing_logs: await insert(client, INSERT.processing, [upload, text(f, 'message'), key]),
      transform_logs: await insert(client, INSERT.transform, [upload, text(f, 'step'), json(f, 'details'), key]),
      email_logs: await insert(client, INSERT.email, email),
    },
  };
};

/** In v2 a product of another organisation does not exist: 404, and nothing is counted. */
export const restockProduct: Write = async (client, caller, f) => {
  const tenant = await readTenant(client, caller);
  const id = integer(f, 'id');
  const values = [id, integer(f, 'increment', 1)];
  const { rows } = await client.query<{ restock_count: number }>(
    tenant.version === 'v1'
      ? prepared(RESTOCK, values)
      : prepared(RESTOCK_OF_TENANT, [...values, tenant.organizationId]),
  );
  const row = rows[0];
  if (row === undefined) throw new Failure({ status: 404, message: `There is no product ${id}.` });
  return { tenant, ids: { products: id }, counter: row.restock_count };
};

/** v2 only: a new organisation and its first member. The user keeps earlier memberships; the newest is what X-User-Id means. */
export const createOrganization: Write = async (client, caller, f) => {
  const tenant = await readTenant(client, caller);
  if (tenant.version === 'v1')
    throw new Failure({ status: 404, message: 'This application has no organisations yet.' });
  const id = await insert(client, INSERT.organization, [text(f, 'name'), text(f, 'slug')]);
  const membership = await insert(client, INSERT.membership, [text(f, 'user_id'), id, 'owner']);
  return { tenant, ids: { organizations: id, user_organizations: membership } };
};

const INSERT = {
  user: 'INSERT INTO users (email, display_name, request_id) VALUES ($1, $2, $3) RETURNING id',
  upload: `INSERT INTO uploads (user_id, file_name, status, byte_size, request_id)
           VALUES ($1, $2, $3, $4, $5) RETURNING id`,
  uploadOfTenant: `INSERT INTO uploads (user_id, file_name, status, byte_size, request_id, client_id)
                   VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
  sellout: `INSERT INTO sellout_entries2 (upload_id, ean, year, month, quantity, amount, payload, request_id)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
  product: 'INSERT INTO products (ean, name, brand, price, request_id) VALUES ($1, $2, $3, $4, $5) RETURNING id',
  processing: 'INSERT INTO processing_logs (upload_id, message, request_id) VALUES ($1, $2, $3) RETURNING id',
  transform: 'INSERT INTO transform_logs (upload_id, step, details, request_id) VALUES ($1, $2, $3, $4) RETURNING id',
  email: 'INSERT INTO email_logs (user_id, recipient, subject, request_id) VALUES ($1, $2, $3, $4) RETURNING id',
  organization: 'INSERT INTO organizations (name, slug) VALUES ($1, $2) RETURNING id',
  membership: 'INSERT INTO user_organizations (user_id, organization_id, role) VALUES ($1, $2, $3) RETURNING id',
} as const;

const RESTOCK = 'UPDATE products SET restock_count = restock_count + $2 WHERE id = $1 RETURNING restock_count';

const RESTOCK_OF_TENANT = `UPDATE products SET restock_count = restock_count + $2
                            WHERE id = $1 AND client_id = $3 RETURNING restock_count`;

async function insert(client: PoolClient, sql: string, values: readonly unknown[]): Promise<number | string> {
  const { rows } = await client.query<{ id: number | string }>(prepared(sql, values));
  const row = rows[0];
  if (row === undefined) throw new Error(`No id came back from: ${sql}`);
  return row.id;
}
