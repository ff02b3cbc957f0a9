import type { Db, Document } from 'mongodb';
import { missingKey, validKey } from './missing';

/** One collection counted. */
export interface Recount {
  readonly rows: number;
  readonly withoutKey: number;
  readonly perTenant: ReadonlyMap<string, number>;
}

/** Two questions, and the application writes between them: only what must be 0 is exact. */
export async function recountTable(
  db: Db,
  { table, column }: { readonly table: string; readonly column: string },
): Promise<Recount> {
  const collection = db.collection<Document>(table);
  const groups = collection.aggregate<{ _id: string; rows: number }>(
    [{ $match: validKey(column) }, { $group: { _id: `$${column}`, rows: { $sum: 1 } } }],
    { allowDiskUse: true },
  );
  const perTenant = new Map<string, number>();
  for await (const { _id, rows } of groups) perTenant.set(_id, rows);
  const withoutKey = await collection.countDocuments(missingKey(column));
  return { rows: [...perTenant.values()].reduce((sum, n) => sum + n, withoutKey), withoutKey, perTenant };
}
