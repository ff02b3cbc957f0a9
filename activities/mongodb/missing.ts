import type { Document, Filter } from 'mongodb';

/**
 * Documents without a valid key: absent, null, "" or not a string. `$type` and equality also look into arrays, so that
 * "is no string" cannot be said with `$not`: an array of strings would pass for a key. Every other type is listed
 * instead, `array` among them, which matches arrays whatever they hold; an index on the column serves each branch.
 */
export function missingKey(column: string): Filter<Document> {
  return { $or: [{ [column]: { $in: [null, ''] } }, { [column]: { $type: [...OTHER_TYPES] } }] };
}

/** The reverse: a string with at least one character, and no array that holds one. */
export function validKey(column: string): Filter<Document> {
  return { [column]: { $type: 'string', $ne: '', $not: { $type: 'array' } } };
}

/** The same question about a value that was read. */
export function isKey(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** By number, because not every server knows every name: all types of BSON but string (2). */
const OTHER_TYPES = [-1, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 127] as const;
