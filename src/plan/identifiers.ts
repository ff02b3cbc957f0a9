/** PostgreSQL keeps 63 bytes of a name and drops the rest in silence: longer ones are refused here instead. */
export const MAX_NAME_BYTES = 63;

/** Schemas that hold the server's or this tool's own tables. */
const RESERVED_SCHEMAS = ['pg_catalog', 'information_schema', 'pg_toast', 'cutover'];

/** MongoDB keeps a namespace within 255 bytes, and the name of the database is part of it. */
const MAX_COLLECTION_BYTES = 120;

export const COLLECTION_EXPECTED = `a collection's name of letters, digits, _, - and dots, at most ${MAX_COLLECTION_BYTES} bytes`;

export const NAME_EXPECTED = `a name of letters, digits and _, at most ${MAX_NAME_BYTES} bytes, as the catalog has it`;

/** Why this cannot be the name of a table, column, index or function; undefined when it can. */
export function nameProblem(name: string): string | undefined {
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `a name of ${Buffer.byteLength(name)} bytes`;
  if (name !== name.normalize('NFC')) return 'a name in decomposed Unicode (NFD), which looks like another name';
  return /^[\p{L}_][\p{L}\p{M}\p{N}_$]*$/u.test(name) ? undefined : 'a character that a plain name does not have';
}

/** Why this cannot be a table of a plan. `users` means `public.users`. */
export function tableProblem(table: string): string | undefined {
  const parts = table.split('.');
  if (parts.length > 2) return 'a name of more than two parts';
  const bad = parts.map(nameProblem).find((p) => p !== undefined);
  if (bad) return bad;
  const schema = parts.length === 2 ? (parts[0] ?? '') : 'public';
  if (RESERVED_SCHEMAS.includes(schema) || schema.startsWith('pg_')) return `a table of the reserved schema ${schema}`;
  return undefined;
}

/** Why this cannot be a collection of a plan: what becomes part of step ids and reports is plainer than what MongoDB takes. */
export function collectionProblem(name: string): string | undefined {
  if (Buffer.byteLength(name) > MAX_COLLECTION_BYTES) return `a name of ${Buffer.byteLength(name)} bytes`;
  if (name !== name.normalize('NFC')) return 'a name in decomposed Unicode (NFD), which looks like another name';
  if (name.startsWith('system.')) return 'a collection of the server';
  return /^[\p{L}\p{N}_]([\p{L}\p{M}\p{N}_.-]*[\p{L}\p{M}\p{N}_-])?$/u.test(name) && !name.includes('..')
    ? undefined
    : 'a character that a plain name does not have';
}

/** As `tableProblem`, before the engine is known: what neither of them takes. */
export function anyTableProblem(name: string): string | undefined {
  return collectionProblem(name) === undefined ? undefined : tableProblem(name);
}

/** `users` -> `public.users`. */
export function qualified(table: string): string {
  return table.includes('.') ? table : `public.${table}`;
}

/** `public.users` -> `users`; a table of another schema keeps it. For names of steps and of objects. */
export function shortTable(table: string): string {
  return table.replace(/^public\./, '');
}

/** `public.users` -> `users`, whatever the schema. */
export function bareTable(table: string): string {
  return table.slice(table.indexOf('.') + 1);
}

export interface ColumnRef {
  readonly table: string;
  readonly column: string;
}

/** `users.id` or `public.users.id`; undefined when it is neither. */
export function parseColumnRef(text: string): ColumnRef | undefined {
  const { table, column } = splitColumnRef(text);
  return anyTableProblem(table) || nameProblem(column) ? undefined : { table: qualified(table), column };
}

/** At the last dot: names of collections may have some. */
export function splitColumnRef(text: string): ColumnRef {
  const dot = text.lastIndexOf('.');
  return { table: text.slice(0, Math.max(dot, 0)), column: text.slice(dot + 1) };
}

/** `created_at desc` -> its column; undefined when it is no column with an optional direction. */
export function indexedColumn(text: string): string | undefined {
  const match = /^(\S+)( (asc|desc)( nulls (first|last))?)?$/i.exec(text);
  const column = match?.[1];
  return column !== undefined && nameProblem(column) === undefined ? column : undefined;
}
