import type { QueryResult } from 'pg';
import { CutoverError } from '../../src/core/failure';
import type { Cell } from '../export/csv';
import type { ExportSource } from '../export/export-steps';
import { inOrder, type ExportedRows, type Row } from '../export/rows';
import { findColumn } from './catalog';
import type { PgContext, PgSession } from './context';
import { pinTextForm } from './digest';
import { ident, qualified } from './identifiers';
import { readOnly, SCAN_TIMEOUT_MS } from './read-only';

export const ROWS: ExportSource<Pick<PgContext, 'read'>> = {
  row: 'row',
  column: 'column',
  read: (context, from) => context.read((session) => readRows(session, from)),
};

/**
 * Named columns of every row of a table, by key, from one snapshot; nothing else leaves the database. Booleans and small
 * integers are themselves, everything else is the text that PostgreSQL writes: no number loses a digit.
 *
 * @throws Misconfigured when there is no such column, Refused when there are more than a million rows.
 */
export async function readRows(
  session: PgSession,
  from: { readonly table: string; readonly key: string; readonly columns: readonly string[] },
): Promise<ExportedRows> {
  const { table, key, columns } = from;
  const named = [...new Set([key, ...columns])];
  for (const column of named) {
    if (await findColumn(session, table, column)) continue;
    throw new CutoverError('Misconfigured', `${table} has no column ${column}; correct backup.exports in the plan.`);
  }
  const rows = await readOnly(session, { timeoutMs: SCAN_TIMEOUT_MS }, async () => {
    await pinTextForm(session);
    const text = `SELECT ${named.map(ident).join(', ')} FROM ${qualified(table)} LIMIT ${MOST_ROWS + 1}`;
    const found: QueryResult<Row> = await session.client.query({ text, types: { getTypeParser } });
    return found.rows;
  });
  if (rows.length > MOST_ROWS)
    throw new CutoverError(
      'Refused',
      `${table} has more than ${MOST_ROWS} rows, more than an export holds; export a smaller table, and rely on the backup for this one.`,
    );
  return inOrder({ table, key, columns: named, rows });
}

const MOST_ROWS = 1_000_000;

/** By the type's oid: bool; int2, int4. */
function getTypeParser(oid: number): (text: string) => Cell {
  if (oid === 16) return (text) => text === 't';
  return oid === 21 || oid === 23 ? Number : String;
}
