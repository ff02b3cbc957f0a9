import { BSON, type Db, type Document } from 'mongodb';

/** What one collection holds of the load's doing. */
export interface Holding {
  /** By `by` and value, all documents that are found so; more than one is a write that happened twice. */
  find(by: 'client_ref' | 'id', value: string): readonly Document[];
}

/** Reads every document of `collection` that a load has made or touched; one that does not exist holds nothing. */
export async function lookUp(db: Db, collection: string): Promise<Holding> {
  const touched = { $or: [{ client_ref: { $type: 'string' } }, { revision: { $type: 'string' } }] };
  const options = { promoteValues: true, bsonRegExp: true } as const;
  const found = new Map<string, Document[]>();
  for await (const document of db.collection(collection).find(touched, options)) {
    for (const by of ['client_ref', 'id'] as const) {
      const place = `${by} ${String(document[by])}`;
      found.set(place, [...(found.get(place) ?? []), document]);
    }
  }
  return { find: (by, value) => found.get(`${by} ${value}`) ?? [] };
}

/** `_id` of any type as a text that two equal ones share. */
export function idText(id: unknown): string {
  return BSON.EJSON.stringify({ id }, { relaxed: false });
}
