import type { PoolClient } from 'pg';
import { Failure } from './failures';
import { readVersion } from './flag';
import { prepared } from './prepared';

/** For whom a transaction works. v1 knows no organisations; v2 always works for exactly one. */
export type Tenant = { readonly version: 'v1' } | { readonly version: 'v2'; readonly organizationId: string };

/** What the request said about itself. v1 ignores it. */
export interface Caller {
  readonly organizationId?: string;
  readonly userId?: string;
}

/**
 * Reads the flag and, in v2, the organisation: the one named if the user may act for it, else the user's own, else
 * (clients from before the cutover say nothing) the default organisation. 403 for everything else.
 */
export async function readTenant(client: PoolClient, caller: Caller): Promise<Tenant> {
  const version = await readVersion(client);
  if (version === 'v1') return { version };
  const organizationId = await organizationOf(client, caller);
  if (organizationId === null)
    throw new Failure({ status: 403, message: 'The caller belongs to no such organisation.' });
  return { version, organizationId };
}

async function organizationOf(client: PoolClient, caller: Caller): Promise<string | null> {
  const query = ({ organizationId, userId }: Caller) => {
    if (organizationId !== undefined && userId !== undefined) {
      const text = 'SELECT $2::uuid AS id WHERE public.validate_client_access($1, $2)';
      return prepared(text, [userId, organizationId]);
    }
    if (organizationId !== undefined) {
      return prepared('SELECT id FROM organizations WHERE id = $1 AND is_active', [organizationId]);
    }
    if (userId !== undefined) return prepared('SELECT public.get_user_organization_id($1) AS id', [userId]);
    return prepared(`SELECT id FROM organizations WHERE slug = 'default-org' AND is_active`);
  };
  const { rows } = await client.query<{ id: string | null }>(query(caller));
  return rows[0]?.id ?? null;
}
