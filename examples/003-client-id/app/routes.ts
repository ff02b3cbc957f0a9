import type { Pool } from 'pg';
import { Failure } from './failures';
import type { Fields } from './fields';
import { readVersion } from './flag';
import { listProducts, listSellout, listUploads, type Reader } from './reads';
import { type Caller, type Tenant } from './tenant';
import { inTransaction } from './transaction';
import {
  createLogs,
  createOrganization,
  createProduct,
  createSellout,
  createUpload,
  createUser,
  restockProduct,
  type Write,
} from './writes';

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly caller: Caller;
  /** Query parameters, or the fields of the JSON body. */
  readonly fields: Fields;
}

export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One request, one transaction, one reply; throws a Failure. */
export async function answer(pool: Pool, request: Request): Promise<Reply> {
  if (request.path === '/health') return health(pool);
  const name = `${request.method} ${request.path}`;
  const read = READS.get(name);
  if (read !== undefined) {
    const { tenant, rows } = await inTransaction(pool, (client) => read(client, request.caller, request.fields));
    return { status: 200, body: { ...about(tenant), rows } };
  }
  const product = /^PATCH \/products\/(\d+)$/.exec(name)?.[1];
  const write = product === undefined ? WRITES.get(name) : restockProduct;
  if (write === undefined) throw new Failure({ status: 404, message: `There is nothing at ${name}.` });
  const fields = product === undefined ? request.fields : { ...request.fields, id: product };
  const { tenant, ids, counter } = await inTransaction(pool, (client) => write(client, request.caller, fields));
  return {
    status: product === undefined ? 201 : 200,
    body: { ...about(tenant), ids, ...(counter === undefined ? {} : { counter }) },
  };
}

const READS: ReadonlyMap<string, Reader> = new Map([
  ['GET /products', listProducts],
  ['GET /sellout', listSellout],
  ['GET /uploads', listUploads],
]);

const WRITES: ReadonlyMap<string, Write> = new Map([
  ['POST /users', createUser],
  ['POST /uploads', createUpload],
  ['POST /sellout', createSellout],
  ['POST /products', createProduct],
  ['POST /logs', createLogs],
  ['POST /organizations', createOrganization],
]);

async function health(pool: Pool): Promise<Reply> {
  return { status: 200, body: { status: 'ok', version: await inTransaction(pool, readVersion) } };
}

function about(tenant: Tenant): Readonly<Record<string, unknown>> {
  return { version: tenant.version, organizationId: tenant.version === 'v2' ? tenant.organizationId : null };
}
