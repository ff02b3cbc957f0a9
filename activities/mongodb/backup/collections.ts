import { BSON, type Db, type Document } from 'mongodb';
import { CutoverError } from '../../../src/core/failure';
import { canonical } from '../../../src/core/json';

/** A collection or view with what makes it up beside its documents. */
export interface CollectionInfo {
  readonly name: string;
  readonly type: 'collection' | 'view' | 'timeseries';
  /** As listCollections gives them, BSON types kept. */
  readonly options: Document;
  /** 32 hex digits; empty for views. */
  readonly uuid: string;
  /** As listIndexes gives them, BSON types kept. */
  readonly indexes: readonly Document[];
}

const { EJSON } = BSON;

const EXACT = { promoteValues: false, promoteLongs: false, bsonRegExp: true } as const;

/** All of the database by name; `system.*` is the server's own. Views come after what they read. */
export async function readCollections(db: Db, exclude: readonly string[]): Promise<readonly CollectionInfo[]> {
  const listed = await db.listCollections({}, { nameOnly: false, ...EXACT }).toArray();
  const wanted = listed
    .map((entry) => ({ entry, name: String(entry.name) }))
    .filter(({ name }) => !name.startsWith('system.') && !exclude.includes(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const found: CollectionInfo[] = [];
  for (const { entry, name } of wanted) {
    const type = typeOf(entry as Document);
    const info = (entry as Document).info as { readonly uuid?: { toString(encoding: 'hex'): string } } | undefined;
    found.push({
      name,
      type,
      options: ((entry as Document).options as Document | undefined) ?? {},
      uuid: type === 'view' ? '' : (info?.uuid?.toString('hex') ?? '').replaceAll('-', ''),
      indexes: type === 'collection' ? await readIndexes(db, name) : [],
    });
  }
  return found;
}

/** @throws Refused when there is a time-series collection that the plan does not exclude. */
export async function collectionsToDump(db: Db, exclude: readonly string[]): Promise<readonly CollectionInfo[]> {
  const infos = await readCollections(db, exclude);
  const series = infos.filter(({ type }) => type === 'timeseries').map(({ name }) => name);
  if (series.length === 0) return infos;
  throw new CutoverError(
    'Refused',
    `Time-series collections are not backed up by this version (${series.join(', ')}): a change stream does not tell of their changes. Dump them with mongodump and name them in the plan's backup.exclude.`,
  );
}

async function readIndexes(db: Db, name: string): Promise<readonly Document[]> {
  const indexes = await db.collection(name, EXACT).listIndexes(EXACT).toArray();
  return indexes.map((index) => Object.fromEntries(Object.entries(index as Document).filter(([key]) => key !== 'ns')));
}

function typeOf(entry: Document): CollectionInfo['type'] {
  const type = String(entry.type ?? 'collection');
  return type === 'view' || type === 'timeseries' ? type : 'collection';
}

/** The text of `<collection>.metadata.json` as mongodump writes it: canonical extended JSON, version 2. */
export function metadataText(info: CollectionInfo): string {
  const { options, indexes, uuid, name, type } = info;
  const metadata = { options, indexes, ...(uuid === '' ? {} : { uuid }), collectionName: name, type };
  return EJSON.stringify(metadata, { relaxed: false });
}

/** The same text for options that mean the same on two servers. */
export function optionsText(options: Document): string {
  return canonical(EJSON.serialize(options, { relaxed: true }));
}

/** A server that is told one of the two beside a validator writes down the other as well: both of these say the same. */
export function sameOptions(a: string, b: string): boolean {
  return withoutDefaults(a) === withoutDefaults(b);
}

function withoutDefaults(text: string): string {
  const { validationLevel = 'strict', validationAction = 'error', ...rest } = JSON.parse(text) as Document;
  return canonical({ ...rest, validationLevel, validationAction });
}

/** One line per index, sorted; the order of its keys counts, that of its options does not. */
export function indexLines(indexes: readonly Document[]): readonly string[] {
  return indexes
    .map((index) => {
      const { name, key, ...rest } = EJSON.serialize(index, { relaxed: true });
      return `${String(name)} ${JSON.stringify(key)} ${canonical(rest)}`;
    })
    .sort();
}

export function isCapped(options: Document): boolean {
  const capped: unknown = options.capped;
  return capped === true || (typeof capped === 'object' && capped !== null && String(capped) === 'true');
}

/** mongodump's name of a collection's files: what a path cannot hold is escaped. */
export function fileStem(collection: string): string {
  return encodeURIComponent(collection)
    .replace(/%(24|26|2B|3A|3D|40)/g, (escaped) => decodeURIComponent(escaped))
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
