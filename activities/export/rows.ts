import { CutoverError } from '../../src/core/failure';
import { canonical } from '../../src/core/json';
import type { Cell } from './csv';

export type Row = Readonly<Record<string, Cell>>;

/** What an export holds: rows by the text of their key, in the order of that text. */
export interface ExportedRows {
  readonly table: string;
  readonly key: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/**
 * Rows in one order, whatever order they were read in.
 *
 * @throws Refused when a row has no key, or two have the same one: they could not be compared afterwards.
 */
export function inOrder(read: ExportedRows): ExportedRows {
  const byKey = new Map<string, Row>();
  for (const row of read.rows) {
    const value = row[read.key];
    if (value === undefined || value === null)
      throw new CutoverError(
        'Refused',
        `A row of ${read.table} has no ${read.key}; name a key in the plan that all have.`,
      );
    const key = canonical(value);
    if (byKey.has(key))
      throw new CutoverError(
        'Refused',
        `Two rows of ${read.table} have the ${read.key} ${key.slice(0, 60)}; name a key in the plan that is unique.`,
      );
    byKey.set(key, row);
  }
  const rows = [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  return { ...read, rows };
}

/** One row a line, so that two exports can be compared with any tool for text. */
export function jsonText(exported: ExportedRows): string {
  const { table, key, columns, rows } = exported;
  const head = `{"table":${JSON.stringify(table)},"key":${JSON.stringify(key)},"columns":${canonical(columns)},"rows":[`;
  return `${head}\n${rows.map(canonical).join(',\n')}\n]}\n`;
}

export interface RowDifference {
  readonly added: readonly string[];
  readonly gone: readonly string[];
  /** `<key>: <columns>` */
  readonly changed: readonly string[];
}

/** By key. Names columns, not their values: exports are of people. */
export function compareRows(before: ExportedRows, now: ExportedRows): RowDifference {
  const keyOf = (row: Row): string => canonical(row[before.key]);
  const found = new Map(now.rows.map((row) => [keyOf(row), row]));
  const gone: string[] = [];
  const changed: string[] = [];
  for (const row of before.rows) {
    const key = keyOf(row);
    const other = found.get(key);
    found.delete(key);
    if (other === undefined) gone.push(key);
    else {
      const columns = before.columns.filter((column) => textAt(row, column) !== textAt(other, column));
      if (columns.length > 0) changed.push(`${key}: ${columns.join(', ')}`);
    }
  }
  return { added: [...found.keys()], gone, changed };
}

/** A value that is null and one that is not there are two things. */
function textAt(row: Row, column: string): string {
  return row[column] === undefined ? 'missing' : canonical(row[column]);
}
