import { BSON, type Db } from 'mongodb';
import { CutoverError } from '../../src/core/failure';
import type { Cell } from '../export/csv';
import type { ExportSource } from '../export/export-steps';
import { inOrder, type ExportedRows, type Row } from '../export/rows';
import type { MongoContext } from './context';
import { FAITHFUL } from './session';

export const DOCUMENTS: ExportSource<Pick<MongoContext, 'read' | 'signal'>> = {
  row: 'document',
  column: 'field',
  read: (context, from) => context.read((db) => readRows(db, from, context.signal)),
};

/**
 * Named fields of every document of a collection, by key; nothing else leaves the database. ObjectIds and dates are
 * text, other BSON types relaxed extended JSON.
 *
 * @throws Refused when there are more than a million documents.
 */
export async function readRows(
  db: Db,
  from: { readonly table: string; readonly key: string; readonly columns: readonly string[] },
  signal: AbortSignal,
): Promise<ExportedRows> {
  const { table, key, columns } = from;
  const named = [...new Set([key, ...columns])];
  const projection = Object.fromEntries([['_id', 0], ...named.map((name) => [name, 1])]) as Record<string, 0 | 1>;
  const rows: Row[] = [];
  for await (const document of db.collection(table, FAITHFUL).find({}, { ...FAITHFUL, projection, signal })) {
    rows.push(Object.fromEntries(named.flatMap((name) => entry(name, valueAt(document, name)))));
    if (rows.length <= MOST_ROWS) continue;
    throw new CutoverError(
      'Refused',
      `${table} has more than ${MOST_ROWS} documents, more than an export holds; export a smaller collection, and rely on the backup for this one.`,
    );
  }
  return inOrder({ table, key, columns: named, rows });
}

const MOST_ROWS = 1_000_000;

function entry(name: string, value: unknown): readonly (readonly [string, Cell])[] {
  return value === undefined ? [] : [[name, plainValue(value)]];
}

function valueAt(document: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined,
      document,
    );
}

function plainValue(value: unknown): Cell {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof BSON.ObjectId) return value.toHexString();
  if (value instanceof BSON.UUID) return value.toString();
  return BSON.EJSON.serialize({ value }, { relaxed: true }).value as Cell;
}
