import type { Db } from 'mongodb';
import { idText } from './id-stream';
import { EXACT } from './ids';
import { missingKey } from './missing';

/** What the server allows one document: 16 MiB. */
const MOST_BYTES = 16 * 1024 * 1024;
/** Type, end of the name, length of the string, end of the string. */
const FRAME_BYTES = 7;
const NAMED = 5;
/** Bytes of the longest tenant id to come. */
const LONGEST_KEY = 128;

/** The largest that a document may be before it gets the key. */
export function mostBytes(column: string, keyBytes = LONGEST_KEY): number {
  return MOST_BYTES - FRAME_BYTES - Buffer.byteLength(column) - keyBytes;
}

/**
 * Documents that would exceed the server's limit by the key: `_id` as extended JSON, a few of them. `keyBytes` is the
 * longest tenant id to come. Reads the whole collection.
 */
export async function tooLarge(
  db: Db,
  table: string,
  column: string,
  keyBytes = LONGEST_KEY,
): Promise<{ readonly count: number; readonly ids: readonly string[] }> {
  const most = mostBytes(column, keyBytes);
  const found = await db
    .collection(table)
    .aggregate(
      [
        { $match: { $expr: { $gt: [{ $bsonSize: '$$ROOT' }, most] } } },
        { $match: missingKey(column) },
        { $project: { _id: 1 } },
      ],
      { ...EXACT },
    )
    .toArray();
  return { count: found.length, ids: found.slice(0, NAMED).map(({ _id }) => idText(_id)) };
}
