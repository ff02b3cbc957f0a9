/** A value of a row as an export has it: what JSON can say. */
export type Cell =
  null | boolean | number | string | readonly unknown[] | { readonly [key: string]: unknown } | undefined;

/**
 * RFC 4180: CRLF after every record, quotes where they are needed. Text that a spreadsheet would take for a formula gets
 * an apostrophe in front: whoever can choose a name could otherwise run something on the desk of its reader.
 */
export function csvText(columns: readonly string[], rows: readonly Readonly<Record<string, Cell>>[]): string {
  const lines = [columns.map(quoted), ...rows.map((row) => columns.map((column) => quoted(cellText(row[column]))))];
  return lines.map((cells) => `${cells.join(',')}\r\n`).join('');
}

function cellText(value: Cell): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function quoted(text: string): string {
  const inert = /^[=+\-@\t\r]/.test(text) && !PLAIN_NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

const PLAIN_NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;
