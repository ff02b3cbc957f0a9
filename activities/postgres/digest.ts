import { escapeIdentifier } from 'pg';
import type { PgSession } from './context';

/**
 * One column of a digest. `value`: by the type's own hash. `text`: as text, for types that have no hash or one that
 * differs between two databases with the same rows (enum and reg* hash OIDs). `exact-text`: as text by its bytes, for
 * collations in which different texts are equal.
 */
export interface DigestColumn {
  readonly name: string;
  readonly as: 'value' | 'text' | 'exact-text';
}

export interface DigestTable {
  /** As the server quotes it, `schema.name`: goes into statements as it is, and is what people are shown. */
  readonly table: string;
  readonly columns: readonly DigestColumn[];
}

/** `rows` in decimal; `digest` is `<xor>+<sum>` of the rows' 64-bit hashes. Equal tables have equal both. */
export interface TableDigest {
  readonly rows: string;
  readonly digest: string;
}

/**
 * The statement that answers `rows, xor, sum` of one table (its own rows, not those of children).
 *
 * The order of rows does not matter. The xor alone forgets pairs of equal rows, which a table without a primary key
 * may have; the sum does not. Not a proof against somebody who forges rows: the hash is 64 bits and not cryptographic.
 * Values that are equal to PostgreSQL are equal here (numeric 1.0 and 1.00, 0.0 and -0.0, '1 day' and '24 hours').
 */
export function tableDigestSql(input: DigestTable & { readonly exclude?: readonly string[] }): string {
  const left = input.columns.filter(({ name }) => !input.exclude?.includes(name));
  const hash = left.length === 0 ? '0::bigint' : `hash_record_extended(ROW(${left.map(expression).join(', ')}), 0)`;
  return (
    `SELECT count(*)::text AS rows, to_hex(coalesce(bit_xor(h), 0)) AS xor, coalesce(sum(h), 0)::text AS sum ` +
    `FROM (SELECT ${hash} AS h FROM ONLY ${input.table}) AS hashed`
  );
}

export async function digestTable(session: PgSession, table: DigestTable): Promise<TableDigest> {
  const [row] = await session.query<{ rows: string; xor: string; sum: string }>(tableDigestSql(table));
  if (!row) throw new Error(`The digest of ${table.table} had no answer; an aggregate always has one row.`);
  return { rows: row.rows, digest: `${row.xor}+${row.sum}` };
}

export interface DigestScope {
  /** Only these, as a plan names them (`schema.name`); absent = every table of the database. */
  readonly tables?: readonly string[];
  readonly excludeSchemas: readonly string[];
}

/** Tables (ordinary ones and partitions, none of an extension) with how each column is to be hashed, by name. */
export async function readDigestTables(session: PgSession, scope: DigestScope): Promise<readonly DigestTable[]> {
  const rows = await session.query<{ table: string; columns: DigestColumn[] | null }>(DIGEST_TABLES, [
    scope.excludeSchemas,
    scope.tables ?? null,
  ]);
  return rows.map(({ table, columns }) => ({ table, columns: columns ?? [] }));
}

/** Pins the text form of values for this transaction, so that two servers with other defaults write the same text. */
export async function pinTextForm(session: PgSession): Promise<void> {
  const settings = Object.entries(TEXT_FORM);
  await session.query(
    `SELECT set_config(name, value, true) FROM unnest($1::text[], $2::text[]) AS pinned (name, value)`,
    [settings.map(([name]) => name), settings.map(([, value]) => value)],
  );
}

const TEXT_FORM = {
  search_path: '',
  row_security: 'off',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  xmlbinary: 'base64',
  lc_monetary: 'C',
} as const;

function expression(column: DigestColumn): string {
  const name = escapeIdentifier(column.name);
  if (column.as === 'value') return name;
  return column.as === 'text' ? `${name}::text` : `${name}::text COLLATE "C"`;
}

/** Only these are hashed as they are: built in, hashable, and the hash depends on nothing but the value. */
const HASHED_BY_VALUE = [
  ...['bool', 'int2', 'int4', 'int8', 'float4', 'float8', 'numeric', 'text', 'varchar', 'bpchar', 'char', 'name'],
  ...['bytea', 'uuid', 'date', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval', 'inet', 'cidr', 'macaddr'],
  ...['macaddr8', 'oid', 'jsonb', 'pg_lsn'],
];

/** Domains are followed to their base; arrays, ranges, composites and extension types fall to text by not being listed. */
const DIGEST_TABLES = `
WITH RECURSIVE base (domain, type) AS (
  SELECT oid, oid FROM pg_catalog.pg_type WHERE typtype <> 'd'
  UNION ALL
  SELECT d.oid, b.type FROM pg_catalog.pg_type d JOIN base b ON b.domain = d.typbasetype WHERE d.typtype = 'd'
)
SELECT format('%I.%I', n.nspname, c.relname) AS table,
       (SELECT json_agg(json_build_object('name', a.attname, 'as',
                 CASE WHEN l.collisdeterministic IS FALSE THEN 'exact-text'
                      WHEN t.typnamespace = 'pg_catalog'::regnamespace AND t.typname IN (${HASHED_BY_VALUE.map((t) => `'${t}'`).join(', ')})
                      THEN 'value' ELSE 'text' END) ORDER BY a.attnum)
          FROM pg_catalog.pg_attribute a
          JOIN base ON base.domain = a.atttypid
          JOIN pg_catalog.pg_type t ON t.oid = base.type
          LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND c.relpersistence <> 't'
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname <> ALL ($1::text[])
   AND ($2::text[] IS NULL OR n.nspname || '.' || c.relname = ANY ($2::text[]))
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
 ORDER BY 1`;
