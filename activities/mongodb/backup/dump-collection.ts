import { rename, rm } from 'node:fs/promises';
import type { ClientSession, Db } from 'mongodb';
import { writeOnce, type FileDigest } from '../../backup/files';
import { DocumentDigest, type DocumentsDigest } from '../document-digest';
import { idText } from '../raw-bson';
import { compressInto, readCompressed, type Compression } from './compression';
import { documentsOf, piecesOf } from './documents';
import type { Touched } from './replay';

export interface Dumped {
  readonly file: FileDigest;
  readonly content: DocumentsDigest;
}

/** Every document of a collection as it is read, raw, into a new file. */
export async function dumpCollection(input: {
  readonly db: Db;
  readonly name: string;
  readonly session?: ClientSession | undefined;
  readonly path: string;
  readonly compression: Compression;
  readonly signal: AbortSignal;
  readonly onDocuments: (more: number) => void;
}): Promise<Dumped> {
  const { db, name, session, path, compression, signal, onDocuments } = input;
  const cursor = db.collection(name).find({}, { raw: true, batchSize: BATCH, ...(session ? { session } : {}) });
  try {
    return await write(path, compression, signal, async function* (count) {
      // A batch at a time: a promise for every document would cost more than reading it.
      while (await cursor.hasNext()) {
        const batch = cursor.readBufferedDocuments() as unknown as readonly Buffer[];
        for (const document of batch) count(document);
        onDocuments(batch.length);
        yield Buffer.concat(batch);
      }
    });
  } finally {
    await cursor.close().catch(() => undefined);
  }
}

/**
 * The same file with the documents that were touched as they were at the instant: those that are left at its end, those
 * that are gone left out. `base` is removed.
 */
export async function mergeTouched(input: {
  readonly base: string;
  readonly path: string;
  readonly touched: ReadonlyMap<string, Touched>;
  readonly compression: Compression;
  readonly signal: AbortSignal;
}): Promise<Dumped> {
  const { base, path, touched, compression, signal } = input;
  const merged = await readCompressed(base, signal, (source, inner) =>
    write(path, compression, inner, (count) => piecesOf(mergedDocuments(source, touched, count))),
  );
  await rm(base);
  return merged;
}

/** A file that was written under another name becomes the one it shall be. */
export async function keepBase(base: string, path: string): Promise<void> {
  await rename(base, path);
}

async function* mergedDocuments(
  source: AsyncIterable<Buffer>,
  touched: ReadonlyMap<string, Touched>,
  count: (document: Buffer) => void,
): AsyncGenerator<Buffer> {
  for await (const document of documentsOf(source)) {
    const id = idText(document);
    if (id !== undefined && touched.has(id)) continue;
    count(document);
    yield document;
  }
  for (const { after } of touched.values()) {
    if (!after) continue;
    count(after);
    yield after;
  }
}

/** `pieces` yields whole documents, one after the other, and counts each. */
async function write(
  path: string,
  compression: Compression,
  signal: AbortSignal,
  pieces: (count: (document: Buffer) => void) => AsyncIterable<Buffer>,
): Promise<Dumped> {
  const digest = new DocumentDigest();
  let file: FileDigest = { sha256: '', bytes: 0 };
  const source = pieces((document) => digest.add(document));
  await writeOnce(path, async (handle) => {
    file = await compressInto(handle, source, compression, signal);
  });
  return { file, content: digest.result() };
}

const BATCH = 2_000;
