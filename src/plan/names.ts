import { digestOfText } from '../core/json';
import { MAX_NAME_BYTES, bareTable, indexedColumn } from './identifiers';

/** Names of what a plan creates without naming it: the same for the same plan, and never cut off by the server. */
export function indexName(table: string, columns: readonly string[]): string {
  return fit(`idx_${bareTable(table)}_${columns.map((c) => indexedColumn(c) ?? c).join('_')}`);
}

export function foreignKeyName(table: string, column: string): string {
  return fit(`${bareTable(table)}_${column}_fkey`);
}

export function requiredName(table: string, column: string): string {
  return fit(`cutover_${bareTable(table)}_${column}_required`);
}

/** At most 63 bytes: a name that is longer keeps its beginning and gets 8 digits that no other name has. */
export function fit(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  const tail = `_${digestOfText(name).slice('sha256:'.length, 'sha256:'.length + 8)}`;
  let head = name;
  while (Buffer.byteLength(head) > MAX_NAME_BYTES - tail.length) head = [...head].slice(0, -1).join('');
  return `${head}${tail}`;
}
