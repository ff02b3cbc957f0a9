import type { PgSession } from './context';

export interface Blocker {
  readonly pid: number;
  readonly ageMs: number;
  readonly state: string;
  readonly query: string;
  readonly application: string;
}

/**
 * Transactions that hold a lock on one of the tables (on any, when none is named) for longer than `olderThanMs`, oldest
 * first. Literals are blanked: a query text may hold what no log should.
 */
export async function findBlockers(
  session: PgSession,
  tables: readonly string[],
  olderThanMs: number,
): Promise<readonly Blocker[]> {
  const rows = await session.query<{
    pid: number;
    age: number;
    state: string | null;
    query: string | null;
    application: string | null;
  }>(
    `SELECT a.pid, extract(epoch FROM clock_timestamp() - a.xact_start)::float8 * 1000 AS age, a.state,
            left(regexp_replace(a.query, '''[^'']*''', '''…''', 'g'), 120) AS query, a.application_name AS application
     FROM pg_stat_activity a
     WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.xact_start < clock_timestamp() - $2 * interval '1 millisecond'
       AND EXISTS (SELECT FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE l.pid = a.pid AND l.granted AND n.nspname !~ '^(pg_|information_schema|cutover$)'
                     AND (cardinality($1::text[]) = 0 OR n.nspname || '.' || c.relname = ANY ($1::text[])))
     ORDER BY a.xact_start LIMIT 5`,
    [tables, olderThanMs],
  );
  return rows.map((r) => ({
    pid: r.pid,
    ageMs: Math.round(r.age),
    state: r.state ?? '?',
    query: r.query ?? '',
    application: r.application ?? '',
  }));
}

export function blockerText(blockers: readonly Blocker[]): string {
  if (blockers.length === 0) return 'no session older than a second holds a lock there now';
  return blockers
    .map(
      (b) =>
        `pid ${b.pid} (${b.application || 'no application name'}), open for ${(b.ageMs / 1000).toFixed(1)} s, ${b.state}: ${b.query}`,
    )
    .join('; ');
}
