import { CutoverError } from '../../src/core/failure';
import type { PgSession } from './context';
import { ident, literal, qualified } from './identifiers';

/** The columns by which a table is walked: its primary key, in index order. */
export interface Keyset {
  readonly table: string;
  readonly columns: readonly KeyColumn[];
}

export interface KeyColumn {
  readonly name: string;
  readonly type: string;
}

/** A place in the walk: the key's values as text. */
export type Position = readonly string[];

/** Throws Refused when there is none: without it a row cannot be named in the archive. */
export async function primaryKey(session: PgSession, table: string): Promise<Keyset> {
  const keyset = await findPrimaryKey(session, table);
  if (keyset) return keyset;
  throw new CutoverError(
    'Refused',
    `The table ${table} has no primary key, so its rows cannot be walked or archived one by one; give it one, then \`cutover retry\`.`,
  );
}

export async function findPrimaryKey(session: PgSession, table: string): Promise<Keyset | undefined> {
  const columns = await session.query<KeyColumn>(
    `SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type
       FROM pg_index i CROSS JOIN unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) WITH ORDINALITY AS k(attnum, place)
       JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
      WHERE i.indrelid = to_regclass($1) AND i.indisprimary ORDER BY k.place`,
    [qualified(table)],
  );
  return columns.length > 0 ? { table, columns } : undefined;
}

/** For a table that nobody writes any more and that has no primary key: the rows' places. */
export function byPlace(table: string): Keyset {
  return { table, columns: [{ name: 'ctid', type: 'tid' }] };
}

/** `alias.a, alias.b`: for select lists and ORDER BY, where `each` is ' DESC' for the way back. */
export function keyColumns(keyset: Keyset, alias: string, each = ''): string {
  return keyset.columns.map((c) => `${alias}.${ident(c.name)}${each}`).join(', ');
}

/** `alias.(a, b) > (values)`; values are bound as text parameters from `$first` on. */
export function keyCompare(keyset: Keyset, alias: string, operator: '>' | '<=' | '=', first: number): string {
  const values = keyset.columns.map((c, i) => `$${first + i}::text::${c.type}`).join(', ');
  return `(${keyColumns(keyset, alias)}) ${operator} (${values})`;
}

/** The key as the archive keeps it: `{"id": 7}`. */
export function keyJson(keyset: Keyset, alias: string): string {
  const parts = keyset.columns.map((c) => `${literal(c.name)}, ${alias}.${ident(c.name)}`);
  return `jsonb_build_object(${parts.join(', ')})`;
}

/** The key's values as text: a position to go on from. */
export function keyText(keyset: Keyset, alias: string): string {
  return `ARRAY[${keyset.columns.map((c) => `${alias}.${ident(c.name)}::text`).join(', ')}]`;
}
