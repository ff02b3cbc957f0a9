import { BSON, type Collection, type Document, type Filter } from 'mongodb';
import { binaryParts as partsOf, bracketOf, BRACKETS, isNaNId } from './ids';
import { rawId, type LazyId } from './raw-id';

/**
 * All ids in BSON order, batch by batch, from one unbounded sorted cursor: MongoDB has no other way that neither skips a
 * type nor costs more with every page. A cursor that the server has lost (it died, was killed, or idled too long) is
 * opened again after the last id: the rest of that id's type bracket, then bracket by bracket. Documents that come behind
 * the place are for the sweeps.
 */
export async function* streamIds(
  collection: Collection,
  options: { readonly after?: { readonly id: unknown }; readonly signal: AbortSignal },
): AsyncGenerator<readonly LazyId[]> {
  let after = options.after;
  for (let lost = 0; ; lost++) {
    try {
      const from = after;
      for (const filter of from ? rest(from.id) : [{}]) {
        for await (const batch of batchesOf(collection, filter, options.signal)) {
          const ids = from && bracketOf(from.id) === 'binary' ? batch.filter((id) => !isSeen(id, from.id)) : batch;
          yield ids;
          const last = ids.at(-1);
          if (last) after = { id: last.value() };
          lost = 0;
        }
      }
      return;
    } catch (error) {
      options.signal.throwIfAborted();
      if (!isLost(error) || lost >= TRIES) throw error;
    }
  }
}

/**
 * What comes after an id, as filters in order: a comparison finds nothing beyond its own bracket, nor beside NaN. Only
 * MinKey and MaxKey are compared with everything, and there is one of each.
 */
export function rest(id: unknown): readonly Filter<Document>[] {
  const bracket = bracketOf(id);
  const at = BRACKETS.findIndex(({ name }) => name === bracket);
  const later: readonly Document[] = BRACKETS.slice(at + 1).map(({ types }) => ({ _id: { $type: [...types] } }));
  if (bracket === 'minKey' || bracket === 'maxKey') return later as Filter<Document>[];
  return [ownRest(id), ...later] as Filter<Document>[];
}

function ownRest(id: unknown): Document {
  // NaN is the first of the numbers, and the only one that no comparison finds.
  if (isNaNId(id)) return { _id: { $gte: -Infinity } };
  // Not every server compares binaries of different lengths as it sorts them: all of them, and what was seen is left out.
  return bracketOf(id) === 'binary' ? { _id: { $type: [5] } } : { _id: { $gt: id } };
}

function isSeen(id: LazyId, from: unknown): boolean {
  const value = id.value();
  return bracketOf(value) === 'binary' && !isBehind(value, from);
}

/** In BSON's order of binaries: length, then subtype, then bytes. */
function isBehind(id: unknown, from: unknown): boolean {
  const [a, b] = [partsOf(id), partsOf(from)];
  if (a.bytes.length !== b.bytes.length) return a.bytes.length > b.bytes.length;
  return a.subtype !== b.subtype ? a.subtype > b.subtype : Buffer.compare(a.bytes, b.bytes) > 0;
}

export function idText(id: unknown): string {
  return BSON.EJSON.stringify({ id }, { relaxed: false });
}

export function readId(text: string): unknown {
  return (BSON.EJSON.parse(text, { relaxed: false }) as { readonly id: unknown }).id;
}

/** As bytes: decoding an id costs more than anything else that is done with it here, and most are only counted. */
async function* batchesOf(
  collection: Collection,
  filter: Filter<Document>,
  signal: AbortSignal,
): AsyncGenerator<readonly LazyId[]> {
  const cursor = collection.find(filter, {
    raw: true,
    projection: { _id: 1 },
    sort: { _id: 1 },
    hint: { _id: 1 },
    batchSize: BATCH,
  });
  try {
    while (await cursor.hasNext()) {
      signal.throwIfAborted();
      yield (cursor.readBufferedDocuments() as readonly unknown[] as readonly Uint8Array[]).map(rawId);
    }
  } finally {
    await cursor.close().catch(() => undefined);
  }
}

/** CursorNotFound and CursorKilled. Asked without promoted values, the driver's errors carry their code as an Int32. */
function isLost(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  const code = Number(error.code);
  return code === 43 || code === 237;
}

const BATCH = 1_000;
/** In a row, without one id in between. */
const TRIES = 3;
