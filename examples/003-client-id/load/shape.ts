import type { Client } from 'pg';
import { REGISTRY } from './verdict';

/** How far the schema is, as the catalog says it. */
export interface Shape {
  /** Those of the seven tables that have a column client_id. */
  readonly keyed: readonly string[];
  /** Those of organizations and user_organizations that exist. */
  readonly registry: readonly string[];
  /** The default organisation's id. */
  readonly defaultOrg: string | null;
}

export const TABLES = [
  'users',
  'uploads',
  'sellout_entries2',
  'products',
  'processing_logs',
  'transform_logs',
  'email_logs',
] as const;

export async function readShape(client: Client): Promise<Shape> {
  const keyed = await client.query<{ name: string }>(
    `SELECT attrelid::regclass::text AS name FROM pg_attribute
      WHERE attrelid IN (SELECT to_regclass('public.' || t) FROM unnest($1::text[]) AS t) AND attname = 'client_id' AND NOT attisdropped`,
    [[...TABLES]],
  );
  const registry = await client.query<{ name: string }>(
    `SELECT t AS name FROM unnest($1::text[]) AS t WHERE to_regclass('public.' || t) IS NOT NULL`,
    [[...REGISTRY]],
  );
  const names = registry.rows.map((row) => row.name);
  const org = names.includes('organizations')
    ? await client.query<{ id: string }>(`SELECT id FROM public.organizations WHERE slug = 'default-org'`)
    : undefined;
  return { keyed: keyed.rows.map((row) => row.name), registry: names, defaultOrg: org?.rows[0]?.id ?? null };
}
