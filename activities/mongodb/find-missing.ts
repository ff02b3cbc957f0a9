import { BSON, type Collection, type Db, type Document, type Filter } from 'mongodb';
import { EXACT } from './ids';
import { missingKey } from './missing';

/** A document without a valid key. */
export interface Missing {
  readonly id: unknown;
  /** Whether the field is there at all. */
  readonly held: boolean;
  readonly value: unknown;
}

/**
 * Documents without a valid key, in batches. With a plain index on the key (and not `thorough`) every kind of value is
 * asked for by a range of that index: a list of types is no range on every server, and reads everything. What no range
 * reaches (arrays of strings, code, patterns) is found by the full count that comes before and after a freeze.
 */
export async function* findMissing(
  db: Db,
  { table, column }: { readonly table: string; readonly column: string },
  options: { readonly signal: AbortSignal; readonly thorough: boolean },
): AsyncGenerator<readonly Missing[]> {
  const collection = db.collection<Document>(table);
  const indexed = !options.thorough && (await hasIndex(collection, column));
  for (const filter of indexed ? byIndex(column) : [missingKey(column)]) {
    const cursor = collection.find(filter, { ...EXACT, projection: { _id: 1, [column]: 1 }, batchSize: BATCH });
    try {
      let batch: Missing[] = [];
      for await (const doc of cursor) {
        options.signal.throwIfAborted();
        batch.push({ id: doc['_id'], held: column in doc, value: doc[column] });
        if (batch.length < BATCH) continue;
        yield batch;
        batch = [];
      }
      if (batch.length > 0) yield batch;
    } finally {
      await cursor.close().catch(() => undefined);
    }
  }
}

/** Ready, first in the key's order, and holding every document: neither partial nor sparse. */
async function hasIndex(collection: Collection, column: string): Promise<boolean> {
  const found = await collection
    .listIndexes()
    .toArray()
    .catch(() => []);
  return found.some(
    (index: Document) =>
      Object.keys(index['key'] as Document)[0] === column &&
      [1, -1].includes(Number((index['key'] as Document)[column])) &&
      index['partialFilterExpression'] === undefined &&
      index['sparse'] !== true &&
      index['hidden'] !== true,
  );
}

/** Null, absent and "" first: nearly all there ever is. */
function byIndex(column: string): readonly Filter<Document>[] {
  return [
    { $in: [null, ''] },
    { $lte: Infinity },
    { $eq: NaN },
    { $gte: {} },
    { $gte: new BSON.Binary(Buffer.alloc(0)) },
    { $gte: new BSON.ObjectId('000000000000000000000000') },
    { $in: [false, true] },
    { $gte: new Date(-8_640_000_000_000_000) },
    { $gte: new BSON.Timestamp({ t: 0, i: 0 }) },
  ].map((condition) => ({ [column]: condition }) as Filter<Document>);
}

const BATCH = 500;
