import { BSON } from 'mongodb';
import { EXACT, kinOf, reachOf } from './ids';

/** An `_id` with what cuts windows known, and its value decoded when somebody asks: of thousands only two are named. */
export interface LazyId {
  readonly kin: string;
  readonly reach: ReturnType<typeof reachOf>;
  value(): unknown;
}

/** Of one that is at hand already. */
export function knownId(id: unknown): LazyId {
  return { kin: kinOf(id), reach: reachOf(id), value: () => id };
}

/** Of a document that has nothing but its `_id`, as the server sent it: length, type, `_id\0`, value. */
export function rawId(document: Uint8Array): LazyId {
  const kin = RANGES[document[TYPE_AT] ?? 0];
  if (kin === undefined) return knownId(decode(document));
  return { kin, reach: 'range', value: () => decode(document) };
}

function decode(document: Uint8Array): unknown {
  return BSON.deserialize(document, EXACT)['_id'];
}

const TYPE_AT = 4;

/** The types whose every value is between two others of its kind: not the numbers that may be NaN, nor binaries. */
const RANGES: Readonly<Record<number, string>> = Object.fromEntries(
  [
    [2, ''],
    [7, new BSON.ObjectId('000000000000000000000000')],
    [9, new Date(0)],
    [16, new BSON.Int32(0)],
    [18, BSON.Long.ZERO],
  ].map(([type, example]) => [type, kinOf(example)]),
);
