import type { Db, Document } from 'mongodb';
import { codeOf } from './duplicate-key';

/** An index as a plan asks for it, or as the server lists it. */
export interface IndexDefinition {
  readonly name: string;
  /** Order matters. */
  readonly key: Readonly<Record<string, unknown>>;
  readonly unique: boolean;
  /** Options that change which documents it holds: sparse, partialFilterExpression, collation, ... */
  readonly further: Readonly<Record<string, unknown>>;
}

export interface FoundIndex extends IndexDefinition {
  /** Listed, and not usable yet. */
  readonly building: boolean;
}

/** `created_at desc` -> `{created_at: -1}`. */
export function keyOf(columns: readonly string[]): Readonly<Record<string, 1 | -1>> {
  const fields = columns.map((text): readonly [string, 1 | -1] => {
    const [column = '', direction = 'asc'] = text.trim().split(/\s+/);
    return [column, direction.toLowerCase() === 'desc' ? -1 : 1];
  });
  return Object.fromEntries(fields);
}

export function definitionOf(spec: Document): IndexDefinition {
  const { name, key, unique, v: _v, ns: _ns, background: _background, ...further } = spec;
  const { clustered: _clustered, buildUUID: _uuid, indexBuildInfo: _info, ...options } = further;
  return {
    name: String(name),
    key: key as Readonly<Record<string, unknown>>,
    unique: unique === true,
    further: Object.fromEntries(Object.entries(options).filter(([, value]) => value !== false)),
  };
}

/** Empty where there is no such collection. Reads only. */
export async function listIndexes(db: Db, table: string): Promise<readonly FoundIndex[]> {
  try {
    const specs = await db.collection(table).listIndexes().toArray();
    const building = await namesOfBuilding(db, table);
    return specs.map((spec) => {
      // Some versions list a build under way as {spec, buildUUID} or with indexBuildInfo.
      const inner = (spec['spec'] as Document | undefined) ?? spec;
      const listed = spec['buildUUID'] !== undefined || spec['indexBuildInfo'] !== undefined;
      const found = definitionOf(inner);
      return { ...found, building: listed || building.has(found.name) };
    });
  } catch (error) {
    if (codeOf(error) === NAMESPACE_NOT_FOUND) return [];
    throw error;
  }
}

export async function findIndex(db: Db, table: string, name: string): Promise<FoundIndex | undefined> {
  return (await listIndexes(db, table)).find((index) => index.name === name);
}

async function namesOfBuilding(db: Db, table: string): Promise<ReadonlySet<string>> {
  const stats = await db
    .collection(table)
    .aggregate([{ $indexStats: {} }])
    .toArray();
  return new Set(stats.filter((s) => s['building'] === true).map((s) => String(s['name'])));
}

/** Fields of a key in their order, as people write them: `tenant_id, created_at desc`. */
export function keyText(key: Readonly<Record<string, unknown>>): string {
  return Object.entries(key)
    .map(([field, how]) =>
      Number(how) === -1 ? `${field} desc` : Number(how) === 1 ? field : `${field} ${String(how)}`,
    )
    .join(', ');
}

export function definitionText(index: IndexDefinition): string {
  const further = Object.keys(index.further).length === 0 ? '' : ` ${JSON.stringify(index.further)}`;
  return `${index.unique ? 'unique ' : ''}(${keyText(index.key)})${further}`;
}

export function sameDefinition(a: IndexDefinition, b: IndexDefinition): boolean {
  return definitionText(a) === definitionText(b);
}

/** Whether it keeps every two documents apart in these fields, whatever their order. */
export function makesUnique(index: IndexDefinition, fields: readonly string[]): boolean {
  const own = Object.keys(index.key);
  // The server does not say of its index over _id that it is unique.
  const unique = index.unique || own.join() === '_id';
  return (
    unique &&
    index.further['partialFilterExpression'] === undefined &&
    index.further['sparse'] !== true &&
    own.length === fields.length &&
    own.every((field) => fields.includes(field))
  );
}

/** Drops it unless it is gone; a build under way is ended by the server. Twice is once. */
export async function dropIndex(db: Db, table: string, name: string): Promise<void> {
  try {
    await db.command({ dropIndexes: table, index: name });
  } catch (error) {
    if (codeOf(error) !== INDEX_NOT_FOUND && codeOf(error) !== NAMESPACE_NOT_FOUND) throw error;
  }
}

const NAMESPACE_NOT_FOUND = 26;
const INDEX_NOT_FOUND = 27;
