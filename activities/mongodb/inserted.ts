import type { Db, ObjectId } from 'mongodb';
import { insertMissing } from './insert-missing';

const INSERTED = 'inserted';

/**
 * Which documents a run put into collections of the application, kept before they are inserted: the documents themselves
 * equal the application's own and carry no mark. An `_id` that was kept and never inserted harms nobody.
 */
export function rememberInserted(lane: Db, run: string, table: string): (ids: readonly ObjectId[]) => Promise<void> {
  return async (ids) => {
    const at = new Date().toISOString();
    await insertMissing(
      lane.collection(INSERTED),
      ids.map((id) => ({ _id: { run, table, id }, at })),
    );
  };
}

/** In portions of at most 500. */
export async function* insertedIds(lane: Db, run: string, table: string): AsyncGenerator<readonly ObjectId[]> {
  const cursor = lane.collection(INSERTED).find({ '_id.run': run, '_id.table': table }, { batchSize: PORTION });
  let portion: ObjectId[] = [];
  for await (const { _id } of cursor) {
    portion.push((_id as unknown as { readonly id: ObjectId }).id);
    if (portion.length < PORTION) continue;
    yield portion;
    portion = [];
  }
  if (portion.length > 0) yield portion;
}

/** Contract: nobody will ask any more. */
export async function forgetInserted(lane: Db, run: string, table: string): Promise<number> {
  return (await lane.collection(INSERTED).deleteMany({ '_id.run': run, '_id.table': table })).deletedCount;
}

const PORTION = 500;
