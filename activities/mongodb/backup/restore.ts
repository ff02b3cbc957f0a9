import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { BSON, type Db, type Document } from 'mongodb';
import { CutoverError } from '../../../src/core/failure';
import { readCompressed } from './compression';
import { documentsOf } from './documents';
import { insertRaw } from './insert-raw';
import type { Manifest } from './manifest';

export interface RestoreOptions {
  readonly signal: AbortSignal;
  readonly onDocuments: (done: number, collection: string) => void;
  /** Asked before every batch: throws when this attempt may not write any more. */
  readonly mayWrite?: () => Promise<void>;
}

type Described = Manifest['collections'][string];

/**
 * Brings a whole backup into a database that has none of its collections: collections with their options, documents
 * byte for byte, indexes, views, and validators last, as documents that were there before a validator need not satisfy
 * it. Users and roles are not restored; users.json lists them.
 *
 * @throws Refused when a collection is there already, or when the server does not take what the backup has.
 */
export async function restoreInto(db: Db, folder: string, manifest: Manifest, options: RestoreOptions): Promise<void> {
  const all = Object.entries(manifest.collections);
  let done = 0;
  for (const [name, entry] of all.filter(([, { type }]) => type === 'collection')) {
    const from = done;
    await restoreCollection(db, folder, [name, entry], {
      ...options,
      onDocuments: (inserted) => {
        done = from + inserted;
        options.onDocuments(done, name);
      },
    });
  }
  for (const [name, entry] of all.filter(([, { type }]) => type === 'view'))
    await restoreView(db, folder, [name, entry]);
}

/** One collection that is not there. */
export async function restoreCollection(
  db: Db,
  folder: string,
  [name, entry]: readonly [string, Described],
  options: RestoreOptions,
): Promise<void> {
  options.signal.throwIfAborted();
  const { options: created, indexes } = await readMetadata(join(folder, entry.metadata.file));
  const { validator, validationLevel, validationAction, ...rest } = created;
  await create(db, name, rest);
  if (entry.data) await insertAll(db, name, join(folder, entry.data.file), options);
  await createIndexes(db, name, indexes);
  const guard = { ...given({ validator }), ...given({ validationLevel }), ...given({ validationAction }) };
  if (Object.keys(guard).length > 0) await db.command({ collMod: name, ...guard });
}

/** One view that is not there; what it reads is. */
export async function restoreView(
  db: Db,
  folder: string,
  [name, { metadata }]: readonly [string, Described],
): Promise<void> {
  await create(db, name, (await readMetadata(join(folder, metadata.file))).options);
}

interface Metadata {
  readonly options: Document;
  readonly indexes: readonly Document[];
}

async function readMetadata(path: string): Promise<Metadata> {
  const data = await readFile(path);
  const text = (path.endsWith('.gz') ? gunzipSync(data) : data).toString('utf8');
  const parsed = BSON.EJSON.parse(text, { relaxed: false }) as {
    readonly options?: Document;
    readonly indexes?: Document[];
  };
  return { options: parsed.options ?? {}, indexes: parsed.indexes ?? [] };
}

async function create(db: Db, name: string, options: Document): Promise<void> {
  try {
    await db.command({ create: name, ...options });
  } catch (cause) {
    if ((cause as { readonly code?: number }).code !== NAMESPACE_EXISTS) throw cause;
    throw new CutoverError(
      'Refused',
      `${db.databaseName} has a collection ${name} already; a restore never mixes what there is with what was. Drop it or restore into another database.`,
      { cause },
    );
  }
}

const NAMESPACE_EXISTS = 48;

async function insertAll(
  db: Db,
  name: string,
  path: string,
  { signal: outer, onDocuments, mayWrite }: RestoreOptions,
): Promise<void> {
  await readCompressed(path, outer, async (source, signal) => {
    let batch: Buffer[] = [];
    let bytes = 0;
    let inserted = 0;
    const flush = async (): Promise<void> => {
      signal.throwIfAborted();
      await mayWrite?.();
      await insertRaw(db, name, batch);
      inserted += batch.length;
      onDocuments(inserted, name);
      batch = [];
      bytes = 0;
    };
    for await (const document of documentsOf(source)) {
      if (batch.length > 0 && bytes + document.length > BATCH_BYTES) await flush();
      batch.push(document);
      bytes += document.length;
      if (batch.length >= BATCH_DOCUMENTS) await flush();
    }
    if (batch.length > 0) await flush();
  });
}

/** Below the 48 MB that a server takes in one message, and room for one document of 16 MB in any case. */
const BATCH_BYTES = 16e6;
const BATCH_DOCUMENTS = 2_000;

/** `_id` has its index from the start. */
async function createIndexes(db: Db, name: string, indexes: readonly Document[]): Promise<void> {
  const wanted = indexes.filter((index) => index.name !== '_id_' && index.clustered === undefined);
  if (wanted.length > 0) await db.command({ createIndexes: name, indexes: wanted });
}

function given(values: Document): Document {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
