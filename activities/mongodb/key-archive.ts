import type { Db, Document, Filter } from 'mongodb';
import { amongIds, EXACT } from './ids';

/** In the tool's own database: {_id: {run, table, id}, key, at}. What the old shape cannot hold, by document. */
export const KEY_ARCHIVE = 'archive';

export interface KeyArchive {
  readonly lane: Db;
  readonly run: string;
  readonly table: string;
}

export interface KeyOf {
  readonly id: unknown;
  readonly key: string;
}

/** A key that changed since is replaced: the last one before the field goes is the one that counts. */
export async function keepKeys({ lane, run, table }: KeyArchive, docs: readonly KeyOf[]): Promise<void> {
  if (docs.length === 0) return;
  const at = new Date().toISOString();
  await lane.collection<Document>(KEY_ARCHIVE).bulkWrite(
    docs.map(({ id, key }) => ({
      replaceOne: { filter: { _id: { run, table, id } } as Filter<Document>, replacement: { key, at }, upsert: true },
    })),
    { ordered: false },
  );
}

/** How many of these stand in the archive with exactly this key. */
export async function countKept({ lane, run, table }: KeyArchive, docs: readonly KeyOf[]): Promise<number> {
  const keys = new Map<string, number>();
  for (const { key } of docs) keys.set(key, (keys.get(key) ?? 0) + 1);
  let kept = 0;
  for (const key of keys.keys()) {
    const ids = docs.filter((d) => d.key === key).map(({ id }) => ({ run, table, id }));
    for (const among of amongIds(ids))
      kept += (
        await lane
          .collection<Document>(KEY_ARCHIVE)
          .find({ ...among, key }, { ...EXACT, projection: { _id: 1 } })
          .toArray()
      ).length;
  }
  return kept;
}

export async function countArchived({ lane, run, table }: KeyArchive): Promise<number> {
  return lane.collection(KEY_ARCHIVE).countDocuments({ '_id.run': run, '_id.table': table });
}
