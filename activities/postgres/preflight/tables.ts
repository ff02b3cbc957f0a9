import type { PreflightArgs } from '../../../src/core/preflight-args';
import type { RunRef } from '../../../src/core/verb';
import type { PgSession } from '../context';
import { sqlState } from '../pg-error';
import { readOnly } from '../read-only';
import { check, listed, megabytes, type Findings } from '../../findings';
import { makerOf, runMarker } from '../marker';

/** Whether the plan's tables are what the steps after this one can work on. */
export async function tableFindings(session: PgSession, args: PreflightArgs, run: RunRef): Promise<Findings> {
  const found = await session.query<TableRow>(TABLES, [args.tables, args.column]);
  const absent = args.tables.filter((name) => !found.some((t) => t.name === name));
  const unkeyed = found.filter((t) => t.ordinary === null && !t.primary_key);
  const invalid = await session.query<{ name: string; on: string }>(INVALID_INDEXES, [args.tables]);
  const triggers = await session.query<{ name: string; on: string }>(TRIGGERS, [args.tables]);
  const unique = await session.query<{ name: string }>(UNIQUE, [args.tables, args.column]);
  const published = await session.query<{ name: string; publication: string }>(PUBLISHED, [args.tables]);
  return {
    checks: [
      check(
        'tables',
        `${args.tables.length} tables of the plan exist`,
        absent.map((name) => `${name} does not exist; correct its name in the plan`),
      ),
      check(
        'ordinary tables',
        'each one',
        found
          .filter((t) => t.ordinary !== null)
          .map((t) => `${t.name} ${t.ordinary}, and the key comes to ordinary tables only; leave it out of the plan`),
      ),
      check(
        'primary keys',
        'each table has one',
        unkeyed.map(
          (t) => `${t.name} has none, so no row of it can be found again; ALTER TABLE ${t.sql} ADD PRIMARY KEY (…)`,
        ),
      ),
      check(
        `column ${args.column}`,
        `not there yet, or ${args.type}`,
        found.flatMap((t) => columnProblem(t, args, run)),
      ),
      check(
        'FORCE ROW LEVEL SECURITY',
        'on none of them',
        found
          .filter((t) => t.forced)
          .map(
            (t) =>
              `${t.name} has it: its owner, and with it every step, would see and change only rows that a policy lets through; ALTER TABLE ${t.sql} NO FORCE ROW LEVEL SECURITY until contract`,
          ),
      ),
      check(
        'INVALID indexes',
        'none on these tables',
        invalid.map(
          (i) => `${i.name} on ${i.on} is left over from a build that failed; DROP INDEX CONCURRENTLY ${i.name}`,
        ),
      ),
    ],
    warnings: [
      ...found
        .filter((t) => t.row_security && !t.forced)
        .map((t) => `${t.name} has row level security: the application sees what its policies let through`),
      ...found.filter((t) => t.unlogged).map((t) => `${t.name} is unlogged: a crash of the server empties it`),
      ...triggers.map((t) => `trigger ${t.name} on ${t.on} fires for every row that the backfill or the sweep changes`),
      ...unique.map(
        (u) =>
          `${u.name} is unique over all tenants: two tenants cannot have the same value until it has ${args.column} in it`,
      ),
      ...published.map((p) => `${p.name} is published (${p.publication}): subscribers need the new column first`),
    ],
    figures: await sizes(session, found),
  };
}

function columnProblem(table: TableRow, args: PreflightArgs, run: RunRef): readonly string[] {
  if (table.column_type === null || table.column_type === args.type) return [];
  const ours = (table.column_comment ?? '').includes(runMarker(run.id));
  return ours
    ? []
    : [
        `${table.name} has a column of this name of type ${table.column_type}; rename it, or choose another key in the plan`,
      ];
}

/** Small tables are counted; of big ones the statistics tell well enough. */
async function sizes(session: PgSession, tables: readonly TableRow[]): Promise<Record<string, number | string>> {
  const figures: Record<string, number | string> = { bytes: tables.reduce((sum, t) => sum + Number(t.bytes), 0) };
  let rows = 0;
  for (const table of tables.filter((t) => t.ordinary === null)) {
    const exact = Number(table.estimate) < COUNT_BELOW ? await count(session, table.sql) : undefined;
    rows += exact ?? Number(table.estimate);
    if (Object.keys(figures).length < 20)
      figures[`rows ${table.name}`] = exact ?? `~${table.estimate} (${megabytes(Number(table.bytes))})`;
  }
  return { ...figures, rows };
}

const COUNT_BELOW = 500_000;
const QUERY_CANCELED = '57014';
const INSUFFICIENT_PRIVILEGE = '42501';

/** Undefined where it takes too long, or where row security would falsify it: another check says so. */
async function count(session: PgSession, table: string): Promise<number | undefined> {
  try {
    const [row] = await readOnly(session, { timeoutMs: 5_000 }, () =>
      session.query<{ n: string }>(`SELECT count(*)::text AS n FROM ONLY ${table}`),
    );
    return Number(row?.n ?? 0);
  } catch (error) {
    if (![QUERY_CANCELED, INSUFFICIENT_PRIVILEGE].includes(sqlState(error) ?? '')) throw error;
    return undefined;
  }
}

/** Names that the plan creates and that somebody else has already. Names are `schema.name`. */
export async function nameFindings(
  session: PgSession,
  args: Pick<PreflightArgs, 'creates' | 'adopts'>,
  run: RunRef,
): Promise<Findings> {
  const creates = args.creates.filter((name) => !args.adopts?.some((a) => a.table === name));
  const taken = await session.query<{ name: string; kind: string; comment: string | null }>(TAKEN, [creates]);
  const problems = taken
    .filter((t) => !(t.comment ?? '').includes(runMarker(run.id)))
    .map((t) => {
      const left = makerOf(t.comment);
      return left === undefined
        ? `${t.name} is a ${t.kind} already; rename it, drop it, or take it out of the plan`
        : `the ${t.kind} ${t.name} is left over from run ${left}; roll that run back, or drop it (where that run is past its contract it is meant to stay)`;
    });
  return {
    checks: [
      check(
        'new names',
        `${creates.length} names are free`,
        problems,
        creates.length <= 5 ? listed(creates) : `${creates.length} names are free`,
      ),
    ],
  };
}

interface TableRow {
  readonly name: string;
  readonly sql: string;
  /** Why it is none; null = it is one. */
  readonly ordinary: string | null;
  readonly primary_key: boolean;
  readonly forced: boolean;
  readonly row_security: boolean;
  readonly unlogged: boolean;
  readonly estimate: string;
  readonly bytes: string;
  readonly column_type: string | null;
  readonly column_comment: string | null;
}

const MINE = `FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname || '.' || c.relname = ANY ($1::text[])`;

const TABLES = `
SELECT n.nspname || '.' || c.relname AS name, format('%I.%I', n.nspname, c.relname) AS sql,
       CASE WHEN c.relkind = 'p' THEN 'is partitioned' WHEN c.relkind = 'v' THEN 'is a view' WHEN c.relkind = 'm' THEN 'is a materialized view'
            WHEN c.relkind = 'f' THEN 'is a foreign table' WHEN c.relkind <> 'r' THEN 'is no table' WHEN c.relispartition THEN 'is a partition of another table'
            WHEN EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE c.oid IN (h.inhrelid, h.inhparent)) THEN 'inherits, or is inherited from' END AS ordinary,
       EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indisvalid) AS primary_key,
       c.relforcerowsecurity AS forced, c.relrowsecurity AS row_security, c.relpersistence = 'u' AS unlogged,
       greatest(c.reltuples, 0)::bigint::text AS estimate, CASE WHEN c.relkind IN ('r', 'm') THEN pg_total_relation_size(c.oid) ELSE 0 END::text AS bytes,
       format_type(a.atttypid, a.atttypmod) AS column_type, col_description(c.oid, a.attnum) AS column_comment
  ${MINE}
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = $2 AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'i', 'I', 'c') ORDER BY 1`;

const INVALID_INDEXES = `
SELECT format('%I.%I', n.nspname, x.relname) AS name, n.nspname || '.' || c.relname AS on
  ${MINE} JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND NOT i.indisvalid JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = x.oid) ORDER BY 1`;

/** tgtype: 4 INSERT, 16 UPDATE. */
const TRIGGERS = `
SELECT quote_ident(g.tgname) AS name, n.nspname || '.' || c.relname AS on
  ${MINE} JOIN pg_catalog.pg_trigger g ON g.tgrelid = c.oid AND NOT g.tgisinternal AND g.tgenabled <> 'D' AND (g.tgtype & 16) <> 0
 WHERE g.tgname !~ '^(aa|zz)_cutover_' ORDER BY 2, 1`;

/** Not the primary key: what it counts up is the same for all tenants and shown to none. */
const UNIQUE = `
SELECT format('%I.%I', n.nspname, x.relname) AS name
  ${MINE} JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisunique AND NOT i.indisprimary JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attname = $2 AND a.attnum = ANY (i.indkey)) ORDER BY 1`;

const PUBLISHED = `
SELECT p.schemaname || '.' || p.tablename AS name, p.pubname AS publication FROM pg_catalog.pg_publication_tables p
 WHERE p.schemaname || '.' || p.tablename = ANY ($1::text[]) ORDER BY 1, 2`;

const TAKEN = `
SELECT n.nspname || '.' || c.relname AS name,
       CASE c.relkind WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' ELSE 'table' END AS kind, obj_description(c.oid, 'pg_class') AS comment
  ${MINE}
 UNION ALL
SELECT n.nspname || '.' || p.proname, 'function', obj_description(p.oid, 'pg_proc')
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname || '.' || p.proname = ANY ($1::text[])
 UNION ALL
SELECT n.nspname || '.' || t.typname, 'type', obj_description(t.oid, 'pg_type')
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
 WHERE t.typtype IN ('e', 'd', 'r') AND n.nspname || '.' || t.typname = ANY ($1::text[])
 ORDER BY 1`;
