import type { PgSession } from './context';

/** How often each of these indexes (`schema.name`) was used since it was built: figures for people, never a verdict. */
export async function indexUse(session: PgSession, indexes: readonly string[]): Promise<Record<string, string>> {
  if (indexes.length === 0) return {};
  const rows = await session.query<{ name: string; scans: string | null }>(
    `SELECT w.name, s.idx_scan::text AS scans
       FROM unnest($1::text[]) WITH ORDINALITY AS w (name, place)
       LEFT JOIN pg_catalog.pg_stat_user_indexes s ON s.schemaname || '.' || s.indexrelname = w.name
      ORDER BY w.place`,
    [indexes],
  );
  return Object.fromEntries(
    rows.map(({ name, scans }) => [`index ${name}`, scans === null ? 'not there' : `${scans} scans`]),
  );
}
