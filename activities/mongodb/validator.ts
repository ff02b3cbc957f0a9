import { BSON, type Db, type Document } from 'mongodb';
import { canonical } from '../../src/core/json';
import { refused } from './refused';

const { EJSON } = BSON;

export type ValidationLevel = 'off' | 'strict' | 'moderate';
export type ValidationAction = 'error' | 'warn';

/** How a collection checks what is written. All three absent = nobody ever set one. */
export interface Validation {
  readonly validator?: Document;
  readonly validationLevel?: ValidationLevel;
  readonly validationAction?: ValidationAction;
}

export interface CollectionOptions extends Validation {
  /** `collection`, `view`, `timeseries`. */
  readonly type: string;
  /** Everything as the server lists it, numbers as BSON types, so that what is put back is what was there. */
  readonly options: Document;
}

/** What listCollections says of one collection; undefined when there is none of this name. Reads only. */
export async function collectionOptions(db: Db, table: string): Promise<CollectionOptions | undefined> {
  const [found] = await db
    .listCollections({ name: table }, { nameOnly: false, promoteValues: false, bsonRegExp: true })
    .toArray();
  if (found === undefined) return undefined;
  const options: Document = found.options ?? {};
  return { type: found.type ?? 'collection', options, ...validationOf(options) };
}

function validationOf(options: Document): Validation {
  const validator: unknown = options['validator'];
  const level: unknown = options['validationLevel'];
  const action: unknown = options['validationAction'];
  return {
    ...(isDocument(validator) && Object.keys(validator).length > 0 ? { validator } : {}),
    ...(typeof level === 'string' ? { validationLevel: level as ValidationLevel } : {}),
    ...(typeof action === 'string' ? { validationAction: action as ValidationAction } : {}),
  };
}

/**
 * Sets all three at once, unless they are so already, and looks again. What was never set becomes an empty validator
 * with the server's own defaults, which is what its absence means.
 *
 * @throws Refused when there is no such collection, or the server lists another validation afterwards.
 */
export async function putValidator(db: Db, table: string, wanted: Validation): Promise<void> {
  const before = await requireOptions(db, table);
  if (sameValidation(before, wanted)) return;
  await db.command(collMod(table, wanted));
  const after = await requireOptions(db, table);
  if (sameValidation(after, wanted)) return;
  throw refused(
    `The server took another validation for ${table} than it was given: ${validationText(after)} instead of ${validationText(wanted)}. It does not do what this step needs.`,
  );
}

/** The command as it is sent; previews show the same. */
export function collMod(table: string, wanted: Validation): Document {
  const { validator, validationLevel, validationAction } = withDefaults(wanted);
  return { collMod: table, validator, validationLevel, validationAction };
}

async function requireOptions(db: Db, table: string): Promise<CollectionOptions> {
  const found = await collectionOptions(db, table);
  if (found) return found;
  throw refused(`There is no collection ${table}, so it cannot have a validator; name one that is there.`);
}

/** The filter of documents whose key is a string that is not empty. Lists of strings, which `$type` would pass, fail it. */
export function requiredKey(column: string): Document {
  return {
    $jsonSchema: { required: [column], properties: { [column]: { bsonType: 'string', minLength: 1 } } },
  };
}

/** The existing validator AND the key. Twice is once. */
export function withRequiredKey(existing: Document | undefined, column: string): Document {
  const key = requiredKey(column);
  if (isEmpty(existing)) return key;
  return holdsRequiredKey(existing, column) ? existing : { $and: [existing, key] };
}

/** Whether `withRequiredKey` made it. */
export function holdsRequiredKey(validator: Document | undefined, column: string): validator is Document {
  const key = requiredKey(column);
  if (isEmpty(validator)) return false;
  return sameDocument(validator, key) || sameDocument(pairOf(validator)?.[1], key);
}

/** What `withRequiredKey` was given; a validator that it did not make is answered as it is. Empty = undefined. */
export function withoutKey(validator: Document | undefined, column: string): Document | undefined {
  if (!holdsRequiredKey(validator, column)) return isEmpty(validator) ? undefined : validator;
  return sameDocument(validator, requiredKey(column)) ? undefined : pairOf(validator)?.[0];
}

function pairOf(validator: Document): readonly [Document, Document] | undefined {
  const parts: unknown = validator['$and'];
  if (!Array.isArray(parts) || parts.length !== 2 || Object.keys(validator).length !== 1) return undefined;
  return [parts[0] as Document, parts[1] as Document];
}

/** Nothing satisfies it: inserts and updates are refused, deletes go on, `bypassDocumentValidation` passes. */
export const refuseAllValidator: Document = { $nor: [{}] };

export const refuseAll: Validation = {
  validator: refuseAllValidator,
  validationLevel: 'strict',
  validationAction: 'error',
};

export function sameValidation(a: Validation, b: Validation): boolean {
  return sameDocument(withDefaults(a), withDefaults(b));
}

/** The server's own defaults where nothing was ever set. */
function withDefaults(validation: Validation): Required<Validation> {
  return {
    validator: validation.validator ?? {},
    validationLevel: validation.validationLevel ?? 'strict',
    validationAction: validation.validationAction ?? 'error',
  };
}

/** For captures: extended JSON that keeps the type of every number. */
export function validationText({ validator, validationLevel, validationAction }: Validation): string {
  return EJSON.stringify(
    {
      ...(validator === undefined ? {} : { validator }),
      ...(validationLevel === undefined ? {} : { validationLevel }),
      ...(validationAction === undefined ? {} : { validationAction }),
    },
    { relaxed: false },
  );
}

export function readValidation(text: string): Validation {
  return validationOf(EJSON.parse(text, { relaxed: false }) as Document);
}

/** Numbers compare by value: a server may answer 1 as another BSON type than it was given. */
export function sameDocument(a: unknown, b: unknown): boolean {
  return (
    canonical(EJSON.serialize({ v: a }, { relaxed: true })) === canonical(EJSON.serialize({ v: b }, { relaxed: true }))
  );
}

function isEmpty(validator: Document | undefined): validator is undefined {
  return validator === undefined || Object.keys(validator).length === 0;
}

function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
