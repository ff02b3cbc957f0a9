import { CutoverError } from '../../src/core/failure';
import type { PgSession } from './context';
import { qualified, split } from './identifiers';

export interface Relation {
  readonly oid: number;
  /** r table, p partitioned table, S sequence, i index, v view. */
  readonly kind: string;
  readonly owner: string;
  readonly comment: string | null;
  /** Changes when the table is rewritten. */
  readonly filenode: string;
}

export async function findRelation(session: PgSession, name: string): Promise<Relation | undefined> {
  const rows = await session.query<Relation>(
    `SELECT oid::int8::int AS oid, relkind::text AS kind, pg_get_userbyid(relowner)::text AS owner,
            obj_description(oid, 'pg_class') AS comment, coalesce(pg_relation_filenode(oid)::text, '') AS filenode
       FROM pg_class WHERE oid = to_regclass($1)`,
    [qualified(name)],
  );
  return rows[0];
}

export interface Column {
  readonly type: string;
  readonly notNull: boolean;
  readonly default: string | null;
  /** The value that rows from before ADD COLUMN read, without having been rewritten. */
  readonly missing: string | null;
  readonly comment: string | null;
}

export async function findColumn(session: PgSession, table: string, column: string): Promise<Column | undefined> {
  const rows = await session.query<Column>(
    `SELECT format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS "notNull", pg_get_expr(d.adbin, d.adrelid) AS "default",
            CASE WHEN a.atthasmissing THEN (a.attmissingval::text::text[])[1] END AS missing,
            col_description(a.attrelid, a.attnum) AS comment
       FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = to_regclass($1) AND a.attname = $2 AND a.attnum > 0 AND NOT a.attisdropped`,
    [qualified(table), column],
  );
  return rows[0];
}

export interface Constraint {
  /** c check, f foreign key, u unique, p primary key. */
  readonly kind: string;
  readonly name: string;
  readonly validated: boolean;
  readonly definition: string;
  readonly comment: string | null;
}

export async function constraintsOf(session: PgSession, table: string): Promise<readonly Constraint[]> {
  return session.query<Constraint>(
    `SELECT contype::text AS kind, conname::text AS name, convalidated AS validated,
            pg_get_constraintdef(oid) AS definition, obj_description(oid, 'pg_constraint') AS comment
       FROM pg_constraint WHERE conrelid = to_regclass($1) ORDER BY conname`,
    [qualified(table)],
  );
}

export async function findConstraint(session: PgSession, table: string, name: string): Promise<Constraint | undefined> {
  return (await constraintsOf(session, table)).find((c) => c.name === name);
}

export interface Trigger {
  readonly name: string;
  /** A always, O origin (not under session_replication_role = replica), D disabled, R replica only. */
  readonly enabled: string;
  readonly definition: string;
  readonly comment: string | null;
}

export async function findTrigger(session: PgSession, table: string, name: string): Promise<Trigger | undefined> {
  const rows = await session.query<Trigger>(
    `SELECT tgname::text AS name, tgenabled::text AS enabled, pg_get_triggerdef(oid) AS definition,
            obj_description(oid, 'pg_trigger') AS comment
       FROM pg_trigger WHERE tgrelid = to_regclass($1) AND tgname = $2 AND NOT tgisinternal`,
    [qualified(table), name],
  );
  return rows[0];
}

export interface Routine {
  readonly name: string;
  /** `CREATE OR REPLACE FUNCTION …`, as the server would write it. */
  readonly definition: string;
  readonly comment: string | null;
}

/** Every overload of `schema.name`. */
export async function findRoutines(session: PgSession, name: string): Promise<readonly Routine[]> {
  const { schema, local } = split(name);
  return session.query<Routine>(
    `SELECT p.oid::regprocedure::text AS name, pg_get_functiondef(p.oid) AS definition, obj_description(p.oid, 'pg_proc') AS comment
       FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE n.nspname = $1 AND p.proname = $2 AND p.prokind IN ('f', 'p')
      ORDER BY 1`,
    [schema, local],
  );
}

export interface Index {
  readonly valid: boolean;
  readonly ready: boolean;
  readonly unique: boolean;
  readonly table: string;
  readonly definition: string;
  readonly comment: string | null;
}

/** `name` is `schema.name`: an index lives in the schema of its table. */
export async function findIndex(session: PgSession, name: string): Promise<Index | undefined> {
  const rows = await session.query<Index>(
    `SELECT i.indisvalid AS valid, i.indisready AS ready, i.indisunique AS unique,
            format('%s.%s', n.nspname, t.relname) AS table,
            pg_get_indexdef(i.indexrelid) AS definition, obj_description(i.indexrelid, 'pg_class') AS comment
       FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
      WHERE i.indexrelid = to_regclass($1)`,
    [qualified(name)],
  );
  return rows[0];
}

/** Whether exactly these columns, in any order, are unique: a valid index without predicate or expression. */
export async function isUnique(session: PgSession, table: string, columns: readonly string[]): Promise<boolean> {
  const rows = await session.query<{ found: boolean }>(
    `SELECT EXISTS (
       SELECT FROM pg_index i
        WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indimmediate
          AND (SELECT array_agg(a.attname::text ORDER BY a.attname::text COLLATE "C")
                 FROM unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) AS k
                 LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k)
            = (SELECT array_agg(c ORDER BY c COLLATE "C") FROM unnest($2::text[]) AS c)) AS found`,
    [qualified(table), [...columns]],
  );
  return rows[0]?.found === true;
}

/** How the server calls a type (`int8` -> `bigint`), without its modifier; throws Misconfigured when it knows none of that name. */
export async function typeName(session: PgSession, type: string): Promise<string> {
  const rows = await session.query<{ name: string | null }>('SELECT format_type(to_regtype($1), NULL) AS name', [type]);
  const name = rows[0]?.name;
  if (name && name !== '-') return name;
  throw new CutoverError(
    'Misconfigured',
    `"${type}" is not a type of this database; correct the type of the tenant key in the plan.`,
  );
}
