import type { Db, Document } from 'mongodb';

export interface Duplicates {
  /** Groups of documents with the same values. At most as many as are named. */
  readonly groups: readonly { readonly documents: number; readonly ids: readonly [string, string] }[];
}

/** The question that a unique index would answer with an error: named before it is asked. */
export function duplicatesPipeline(fields: readonly string[], filter: Document = {}): readonly Document[] {
  const by = Object.fromEntries(fields.map((field, i) => [`f${i}`, `$${field}`]));
  return [
    ...(Object.keys(filter).length > 0 ? [{ $match: filter }] : []),
    { $group: { _id: by, documents: { $sum: 1 }, first: { $min: '$_id' }, last: { $max: '$_id' } } },
    { $match: { documents: { $gt: 1 } } },
    { $limit: NAMED },
  ];
}

/** The documents are named by their `_id`: values of other fields belong in no log. */
export async function findDuplicates(
  db: Db,
  table: string,
  fields: readonly string[],
  filter: Document = {},
): Promise<Duplicates> {
  const groups = await db
    .collection(table)
    .aggregate([...duplicatesPipeline(fields, filter)], { allowDiskUse: true, maxTimeMS: MAX_MS })
    .toArray();
  return {
    groups: groups.map((g) => ({ documents: Number(g['documents']), ids: [String(g['first']), String(g['last'])] })),
  };
}

export function duplicatesText({ groups }: Duplicates): string {
  return groups
    .map(({ documents, ids }) => `${documents} documents, among them _id ${ids[0]} and ${ids[1]}`)
    .join('; ');
}

const NAMED = 5;
const MAX_MS = 10 * 60_000;
