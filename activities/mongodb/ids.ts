import type { Binary, Document, Filter } from 'mongodb';

/** The brackets of BSON's order, first to last: comparison operators never leave the one of their operand. */
export const BRACKETS = [
  { name: 'minKey', types: [-1] },
  { name: 'null', types: [6, 10] },
  { name: 'number', types: [1, 16, 18, 19] },
  { name: 'string', types: [2, 14] },
  { name: 'object', types: [3] },
  { name: 'array', types: [4] },
  { name: 'binary', types: [5] },
  { name: 'objectId', types: [7] },
  { name: 'boolean', types: [8] },
  { name: 'date', types: [9] },
  { name: 'timestamp', types: [17] },
  { name: 'regex', types: [11] },
  { name: 'dbPointer', types: [12] },
  { name: 'code', types: [13] },
  { name: 'codeWithScope', types: [15] },
  { name: 'maxKey', types: [127] },
] as const;

export type Bracket = (typeof BRACKETS)[number]['name'];

/** How documents are read when their `_id` is taken to find them again: nothing becomes a plain JavaScript number. */
export const EXACT = {
  promoteValues: false,
  promoteLongs: false,
  promoteBuffers: false,
  bsonRegExp: true,
} as const;

export function bracketOf(id: unknown): Bracket {
  if (id === null || id === undefined) return 'null';
  if (typeof id === 'number' || typeof id === 'bigint') return 'number';
  if (typeof id === 'string') return 'string';
  if (typeof id === 'boolean') return 'boolean';
  if (id instanceof Date) return 'date';
  if (id instanceof RegExp) return 'regex';
  if (Array.isArray(id)) return 'array';
  if (id instanceof Uint8Array) return 'binary';
  return bracketOfClass(bsonType(id), id);
}

function bracketOfClass(type: string | undefined, id: unknown): Bracket {
  switch (type) {
    case 'Int32':
    case 'Double':
    case 'Long':
    case 'Decimal128':
      return 'number';
    case 'BSONSymbol':
      return 'string';
    case 'Binary':
      return 'binary';
    case 'ObjectId':
      return 'objectId';
    case 'Timestamp':
      return 'timestamp';
    case 'BSONRegExp':
      return 'regex';
    case 'Code':
      return hasScope(id) ? 'codeWithScope' : 'code';
    case 'MinKey':
      return 'minKey';
    case 'MaxKey':
      return 'maxKey';
    default:
      return 'object';
  }
}

/** A number outside every range: it equals itself for the server, and is between no two others. */
export function isNaNId(id: unknown): boolean {
  if (bracketOf(id) !== 'number') return false;
  return typeof id === 'number' ? Number.isNaN(id) : String(id) === 'NaN';
}

/**
 * How documents of this `_id` are found. `range`: between two of its kind. `list`: among others, by equality. `alone`:
 * only by equality of its own: a list would read a regular expression as a pattern, and refuses what begins with `$`.
 */
export function reachOf(id: unknown): 'range' | 'list' | 'alone' {
  switch (bracketOf(id)) {
    case 'number':
      return isNaNId(id) ? 'alone' : 'range';
    case 'string':
    case 'binary':
    case 'objectId':
    case 'date':
      return 'range';
    case 'boolean':
    case 'timestamp':
      return 'list';
    case 'object':
      return startsWithDollar(id) ? 'alone' : 'list';
    default:
      return 'alone';
  }
}

/** Ids of one window have the same: what all servers compare as they sort. Binaries only where length and subtype agree. */
export function kinOf(id: unknown): string {
  const bracket = bracketOf(id);
  if (bracket !== 'binary') return `${bracket} ${reachOf(id)}`;
  const { bytes, subtype } = binaryParts(id);
  return `binary ${bytes.length} ${subtype}`;
}

export function binaryParts(id: unknown): { readonly bytes: Uint8Array; readonly subtype: number } {
  if (id instanceof Uint8Array) return { bytes: id, subtype: 0 };
  const { sub_type: subtype, buffer, position } = id as Binary;
  return { bytes: buffer.subarray(0, position), subtype };
}

/** Filters that together find exactly these documents, whatever the types. */
export function amongIds(ids: readonly unknown[]): readonly Filter<Document>[] {
  const listed = ids.filter((id) => reachOf(id) !== 'alone');
  const alone = ids.filter((id) => reachOf(id) === 'alone').map((id) => ({ _id: { $eq: id } }));
  return [...(listed.length > 0 ? [{ _id: { $in: listed } }] : []), ...alone] as Filter<Document>[];
}

/** The driver's own mark of its classes: two copies of its library know each other by it. */
export function bsonType(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('_bsontype' in value)) return undefined;
  return String(value._bsontype);
}

function hasScope(id: unknown): boolean {
  return typeof id === 'object' && id !== null && 'scope' in id && id.scope !== null && id.scope !== undefined;
}

function startsWithDollar(id: unknown): boolean {
  if (bsonType(id) === 'DBRef') return true;
  return Object.keys(id as object)[0]?.startsWith('$') === true;
}
