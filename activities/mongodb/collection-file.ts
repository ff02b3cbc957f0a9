import { BSON, type Document } from 'mongodb';
import { definitionOf, type IndexDefinition } from './index-definition';
import { refused } from './refused';

/** What a plan's file says of a new collection: `{"options": {...}, "indexes": [{"name", "key", "unique"}]}`. */
export interface CollectionFile {
  /** Of createCollection, extended JSON: a validator, a collation. */
  readonly options: Document;
  readonly indexes: readonly IndexDefinition[];
}

/** @throws Refused naming the file and what in it is not as it must be. */
export function readCollectionFile(text: string, file: string): CollectionFile {
  const content = parse(text, file);
  const unknown = Object.keys(content).filter((name) => name !== 'options' && name !== 'indexes');
  if (unknown.length > 0)
    throw refused(`${file} says ${unknown.join(', ')}; a collection has \`options\` and \`indexes\` and nothing else.`);
  const options: unknown = content['options'] ?? {};
  const indexes: unknown = content['indexes'] ?? [];
  if (!isDocument(options)) throw refused(`${file}: \`options\` must be an object, as createCollection takes it.`);
  const kind = ['viewOn', 'timeseries', 'capped'].find((name) => name in options);
  if (kind)
    throw refused(`${file} makes a collection with ${kind}, which cannot be written as tenancy needs; leave it out.`);
  if (!Array.isArray(indexes)) throw refused(`${file}: \`indexes\` must be a list of {"name", "key", "unique"}.`);
  return { options, indexes: indexes.map((index) => readIndex(index, file)) };
}

function parse(text: string, file: string): Document {
  try {
    const content: unknown = BSON.EJSON.parse(text);
    if (isDocument(content)) return content;
  } catch {
    // Said below: the parser's words quote the text.
  }
  throw refused(
    `${file} is not one JSON object like {"options": {}, "indexes": [{"name": "id_1", "key": {"id": 1}, "unique": true}]}.`,
  );
}

function readIndex(index: unknown, file: string): IndexDefinition {
  if (!isDocument(index) || typeof index['name'] !== 'string' || index['name'] === '')
    throw refused(`${file}: every index needs a \`name\`, so that it is found again.`);
  if (!isDocument(index['key']) || Object.keys(index['key']).length === 0)
    throw refused(`${file}: the index ${index['name']} needs a \`key\` such as {"id": 1}.`);
  return definitionOf(index);
}

function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
