import { BSON, type Db, type Document, type Filter } from 'mongodb';

/** An index by which the server deletes documents of itself, about once a minute, whatever fence stands. */
export interface TtlIndex {
  readonly table: string;
  readonly name: string;
  readonly field: string;
  readonly afterMs: number;
  /** Only documents of this filter are in the index, and deleted by it. */
  readonly partial: Document | undefined;
}

/** What the server may delete of itself while the fence is listened at. */
export interface Expiring {
  /** Whether this delete, as the change stream tells it, is of a document that had expired or was about to. */
  expected(change: Document): boolean;
  /** Of a collection with a TTL index: what a person must know of a delete that was not expected; else undefined. */
  advice(table: string): string | undefined;
}

/** Every TTL index of the database. Reads only; before the fence closes. */
export async function ttlIndexes(db: Db): Promise<readonly TtlIndex[]> {
  const found: TtlIndex[] = [];
  for (const { name: table, type } of await db.listCollections({}, { nameOnly: true }).toArray()) {
    if (type !== 'collection' || table.startsWith('system.')) continue;
    const specs = await db.collection(table).listIndexes().toArray();
    for (const { name, key, expireAfterSeconds, partialFilterExpression: partial } of specs) {
      const [field] = Object.keys(key as object);
      if (expireAfterSeconds === undefined || field === undefined) continue;
      found.push({
        ...{ table, name: String(name), field, afterMs: Number(expireAfterSeconds) * 1000 },
        partial: partial as Document | undefined,
      });
    }
  }
  return found;
}

/**
 * Taken when the fence stands: documents whose time is over by `until`, the server's clock. Nobody can change their
 * dates from here on without being heard, so that a delete of one of them is the server's, or harmless like it.
 */
export async function expiringBy(db: Db, indexes: readonly TtlIndex[], until: Date): Promise<Expiring> {
  const due = new Map<string, Set<string>>();
  const cut = new Set<string>();
  for (const { table, name, field, afterMs, partial } of indexes) {
    const ids = due.get(table) ?? new Set<string>();
    due.set(table, ids);
    const old: Document = { [field]: { $lte: new Date(until.getTime() - afterMs) } };
    const filter = (partial ? { $and: [old, partial] } : old) as Filter<Document>;
    const options = { projection: { _id: 1 }, hint: name, limit: MOST + 1, maxTimeMS: PATIENCE_MS };
    try {
      for await (const { _id } of db.collection<Document>(table).find(filter, options)) ids.add(keyOf(_id));
    } catch {
      // An index that is gone, or a server that is too slow: then nothing is known, and its deletes are not expected.
      cut.add(table);
    }
    if (ids.size > MOST) cut.add(table);
  }
  return {
    expected: (change) => {
      if (change['operationType'] !== 'delete') return false;
      const { ns, documentKey } = change as {
        readonly ns?: { readonly coll?: string };
        readonly documentKey?: { readonly _id?: unknown };
      };
      return due.get(ns?.coll ?? '')?.has(keyOf(documentKey?._id)) === true;
    },
    advice: (table) => {
      if (!due.has(table)) return undefined;
      return cut.has(table)
        ? `${table} has a TTL index, and more had expired there than can be told apart: wait until the server has deleted it, then \`cutover retry\``
        : `${table} has a TTL index, but what was deleted had not expired: it was no deletion of the server's own`;
    },
  };
}

function keyOf(id: unknown): string {
  return Buffer.from(BSON.serialize({ _id: id })).toString('base64');
}

const MOST = 20_000;
const PATIENCE_MS = 5_000;
