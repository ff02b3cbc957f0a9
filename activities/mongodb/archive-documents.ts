import { BSON, type Db, type Document, type Filter } from 'mongodb';
import { EXACT } from './ids';
import { insertMissing } from './insert-missing';

/** Documents whole, in the tool's own database: {_id: {run, table, id}, document, at}. */
export const ARCHIVE_DOCUMENTS = 'archive_documents';

export interface ToArchiveWhole {
  readonly db: Db;
  readonly lane: Db;
  readonly run: string;
  readonly table: string;
  readonly filter: Filter<Document>;
  readonly signal: AbortSignal;
}

export interface ArchivedWhole {
  readonly documents: number;
  /** Of them, how many stand in the archive byte for byte. */
  readonly kept: number;
}

/** Keeps every document that the filter finds; a second time replaces what changed since. Nothing is deleted here. */
export async function archiveDocuments(what: ToArchiveWhole): Promise<void> {
  const at = new Date().toISOString();
  const archive = what.lane.collection(ARCHIVE_DOCUMENTS, EXACT);
  for await (const documents of windows(what)) {
    // Inserts, since an upsert by a compound _id reads the whole collection on some servers.
    await insertMissing(
      archive,
      documents.map((document) => ({ _id: idOf(what, document), document, at })),
    );
    const kept = await keptBytes(what, documents);
    for (const document of documents.filter((d) => !kept.has(bytesOf(d))))
      await archive.replaceOne({ _id: idOf(what, document) as never }, { document, at }, { upsert: true });
  }
}

/** Compares what is there now with what the archive holds, by the bytes of their BSON. */
export async function compareArchived(what: ToArchiveWhole): Promise<ArchivedWhole> {
  let documents = 0;
  let kept = 0;
  for await (const window of windows(what)) {
    const bytes = await keptBytes(what, window);
    documents += window.length;
    kept += window.filter((document) => bytes.has(bytesOf(document))).length;
  }
  return { documents, kept };
}

async function keptBytes(what: ToArchiveWhole, documents: readonly Document[]): Promise<ReadonlySet<string>> {
  const archive = what.lane.collection(ARCHIVE_DOCUMENTS, EXACT);
  const found = await archive.find({ _id: { $in: documents.map((d) => idOf(what, d)) as never[] } }).toArray();
  return new Set(found.map(({ document }) => bytesOf(document as Document)));
}

async function* windows({ db, table, filter, signal }: ToArchiveWhole): AsyncGenerator<readonly Document[]> {
  const cursor = db.collection(table, EXACT).find(filter, { batchSize: WINDOW });
  try {
    let window: Document[] = [];
    for await (const document of cursor) {
      signal.throwIfAborted();
      window.push(document);
      if (window.length < WINDOW) continue;
      yield window;
      window = [];
    }
    if (window.length > 0) yield window;
  } finally {
    await cursor.close();
  }
}

function idOf({ run, table }: ToArchiveWhole, document: Document): Document {
  return { run, table, id: document['_id'] };
}

function bytesOf(document: Document): string {
  return Buffer.from(BSON.serialize(document, { ignoreUndefined: false })).toString('base64');
}

const WINDOW = 200;
