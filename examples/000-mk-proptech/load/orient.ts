import type { Driver } from './driver';
import type { Row } from '../../shared/append-log';
import { remember } from './world';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** Logs in, learns which build this is, and takes note of documents that were there before: they are written to as well. */
export async function lookAround(driver: Driver, credentials: Credentials): Promise<void> {
  await orient(driver, credentials);
  for (const collection of ['properties', 'maintenance_requests']) {
    const { items } = await get(driver, `/api/${collection}?limit=200`);
    for (const row of Array.isArray(items) ? (items as readonly Row[]) : []) {
      // Documents of an earlier load are in the log under their own keys.
      if (typeof row.id !== 'string' || typeof row.naziv !== 'string' || typeof row.client_ref === 'string') continue;
      const tenant = typeof row.tenant_id === 'string' && row.tenant_id !== '' ? row.tenant_id : null;
      remember(driver.world, { collection, by: 'id', value: row.id, id: row.id, tenant, fields: { naziv: row.naziv } });
    }
  }
}

/**
 * What a browser does after a reload: the session is tried, renewed where it has ended, and /api/me says whether this
 * application knows tenants and which of them are ours. Throws when there is no answer.
 */
export async function orient(driver: Driver, credentials: Credentials): Promise<void> {
  const { world, session } = driver;
  if (session.token === '') await login(driver, credentials);
  const me = await get(driver, '/api/me').catch(async (error: unknown) => {
    if (!(error instanceof Error) || !error.message.includes('login_required')) throw error;
    await login(driver, credentials);
    return get(driver, '/api/me');
  });
  const tenants = Array.isArray(me.tenants) ? (me.tenants as readonly Row[]) : undefined;
  world.mode = tenants === undefined ? 'single' : 'tenants';
  const ids = (tenants ?? []).map(({ id }) => id).filter((id) => typeof id === 'string');
  if (world.tenant === null || !ids.includes(world.tenant)) world.tenant = ids[0] ?? null;
  if (world.second !== null && !ids.includes(world.second)) world.second = null;
  world.lost = false;
}

async function login({ caller, session }: Driver, { email, password }: Credentials): Promise<void> {
  const answer = await caller.call({ method: 'POST', path: '/api/login', headers: {}, body: { email, password } });
  if (answer.outcome !== 'ok' || typeof answer.body.token !== 'string')
    throw new Error(`The login was answered with ${answer.outcome === 'ok' ? 'no token' : answer.error}.`);
  session.token = answer.body.token;
}

async function get({ caller, session, world }: Driver, path: string): Promise<Row> {
  const tenant: Record<string, string> = world.tenant === null ? {} : { 'x-tenant-id': world.tenant };
  const headers = { authorization: `Bearer ${session.token}`, ...tenant };
  const answer = await caller.call({ method: 'GET', path, headers });
  if (answer.outcome !== 'ok') throw new Error(`GET ${path} was answered with ${answer.status} ${answer.error}.`);
  return answer.body;
}
