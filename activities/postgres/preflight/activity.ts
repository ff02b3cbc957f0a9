import type { PreflightArgs } from '../../../src/core/preflight-args';
import type { RunRef } from '../../../src/core/verb';
import type { PgSession } from '../context';
import { applicationName } from '../lane/claim';
import { check, type Findings } from '../../findings';
import { redactQuery } from './redact-query';

/** Who is at work in the database: whoever would make a lock wait, and what an earlier run left running. */
export async function activityFindings(session: PgSession, args: PreflightArgs, run: RunRef): Promise<Findings> {
  const own = applicationName(run, '');
  const backends = await session.query<Backend>(BACKENDS, [own]);
  const long = backends.filter((b) => b.age_ms !== null && b.age_ms > args.maxTransactionAgeMs && !leftover(b));
  const holders = await session.query<Backend & { readonly mode: string; readonly on: string }>(HOLDERS, [
    args.tables,
    own,
  ]);
  const freezing = await session.query<{ pid: number; on: string }>(WRAPAROUND, [args.tables]);
  const stars = await starQueries(session, args.tables, backends);
  return {
    checks: [
      check(
        'long transactions',
        `none older than ${seconds(args.maxTransactionAgeMs)}`,
        long.map(
          (b) =>
            `${described(b)}; it makes every change of a table wait: let it end, or pg_terminate_backend(${b.pid})`,
        ),
      ),
      check(
        'earlier runs',
        'nothing of them is at work',
        backends
          .filter(leftover)
          .map((b) => `${described(b)}; end the run it belongs to, or pg_terminate_backend(${b.pid})`),
      ),
      check(
        'vacuum against wraparound',
        'none on these tables',
        freezing.map((f) => `pid ${f.pid} vacuums ${f.on} and lets nobody pass; wait until it is through`),
      ),
    ],
    warnings: [...holders.map((h) => `${described(h)} holds ${h.mode} on ${h.on}`), ...stars],
    figures: { connections: backends.length },
  };
}

interface Backend {
  readonly pid: number;
  readonly age_ms: number | null;
  readonly state: string | null;
  readonly query: string | null;
  readonly application: string;
  readonly role: string | null;
}

function leftover(backend: Backend): boolean {
  return backend.application.startsWith('cutover/') && backend.application !== 'cutover/inspect';
}

function described(b: Backend): string {
  const who = b.application === '' ? (b.role ?? 'unknown role') : `${b.application}, ${b.role ?? 'unknown role'}`;
  const age = b.age_ms === null ? 'no transaction' : `open for ${seconds(b.age_ms)}`;
  return `pid ${b.pid} (${who}), ${age}, ${b.state ?? 'state unknown'}: ${redactQuery(b.query ?? '')}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** A prepared SELECT * fails with 0A000 from ADD COLUMN on until it is prepared again. */
async function starQueries(
  session: PgSession,
  tables: readonly string[],
  backends: readonly Backend[],
): Promise<readonly string[]> {
  const names = tables.map((table) => table.split('.').at(-1) ?? table);
  const selectsAll = (query: string | null): boolean =>
    query !== null &&
    /\bselect\s+(\w+\.)?\*/i.test(query) &&
    names.some((name) => new RegExp(`\\b${name.replace(/\W/g, '\\$&')}\\b`, 'i').test(query));
  const now = backends.filter((b) => selectsAll(b.query)).map((b) => redactQuery(b.query ?? ''));
  const before = (await statementTexts(session)).filter(selectsAll).map(redactQuery);
  return [...new Set([...now, ...before])]
    .slice(0, 5)
    .map(
      (query) =>
        `SELECT * is in use (${query}): where it is prepared it fails with 0A000 once the column is added, until it is prepared again`,
    );
}

async function statementTexts(session: PgSession): Promise<readonly string[]> {
  const [there] = await session.query<{ view: string }>(
    `SELECT format('%I.pg_stat_statements', n.nspname) AS view FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
      WHERE e.extname = 'pg_stat_statements' AND EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name = 'pg_stat_statements.max')`,
  );
  if (!there) return [];
  const rows = await session.query<{ query: string }>(
    `SELECT s.query FROM ${there.view} s JOIN pg_catalog.pg_database d ON d.oid = s.dbid AND d.datname = current_database()
      WHERE s.query ~* 'select\\s+(\\w+\\.)?\\*' ORDER BY s.calls DESC LIMIT 200`,
  );
  return rows.map(({ query }) => query);
}

const COLUMNS = `a.pid, extract(epoch FROM clock_timestamp() - a.xact_start)::float8 * 1000 AS age_ms, a.state, left(a.query, 2000) AS query,
       coalesce(a.application_name, '') AS application, a.usename::text AS role`;

const OTHERS = `a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'`;

const BACKENDS = `
SELECT ${COLUMNS} FROM pg_catalog.pg_stat_activity a
 WHERE ${OTHERS} AND NOT starts_with(coalesce(a.application_name, ''), $1) ORDER BY a.xact_start NULLS LAST, a.pid`;

/** Locks that are stronger than those of reading and writing rows. */
const HOLDERS = `
SELECT ${COLUMNS}, l.mode, n.nspname || '.' || c.relname AS on
  FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
  JOIN pg_catalog.pg_class c ON c.oid = l.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE ${OTHERS} AND l.granted AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
   AND n.nspname || '.' || c.relname = ANY ($1::text[]) AND NOT starts_with(coalesce(a.application_name, ''), $2)
   AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
 ORDER BY a.pid LIMIT 10`;

/** An ordinary autovacuum gives way; this one does not. */
const WRAPAROUND = `
SELECT a.pid, n.nspname || '.' || c.relname AS on
  FROM pg_catalog.pg_stat_progress_vacuum v JOIN pg_catalog.pg_stat_activity a ON a.pid = v.pid
  JOIN pg_catalog.pg_class c ON c.oid = v.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE v.datname = current_database() AND a.query LIKE '%to prevent wraparound%' AND n.nspname || '.' || c.relname = ANY ($1::text[])`;
