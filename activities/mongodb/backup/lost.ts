import { createHash } from 'node:crypto';
import { BSON, type Db } from 'mongodb';
import type { LostCollection } from '../../../src/core/restore';
import { DocumentDigest } from '../document-digest';
import { idText, rawElements } from '../raw-bson';
import { readCompressed } from './compression';
import { documentsOf } from './documents';

/** One collection of a backup beside the same one in the database. */
export interface Compared {
  readonly db: Db;
  readonly collection: string;
  /** Absent where the backup has none of this name. */
  readonly backup?: { readonly path: string; readonly documents: number };
  /** Whether the database has it. */
  readonly there: boolean;
  /** The tenant key: what differs in it alone is stamped, and no work of the application's. */
  readonly column: string | undefined;
  readonly signal: AbortSignal;
  /** How many documents of the backup are held in memory at a time (about 150 bytes each). */
  readonly atOnce?: number;
}

/** What the comparison has found, once its documents were read to the end. */
export class LostTally {
  inserted = 0;
  changed = 0;
  stamped = 0;
  /** `idText` of each. */
  readonly deleted: string[] = [];
  private readonly digest = new DocumentDigest();
  private first: readonly string[] = [];

  add(kind: 'inserted' | 'changed' | 'stamped', id: string, document: Buffer): void {
    this[kind] += 1;
    this.digest.add(document);
    if (kind !== 'stamped') this.name(id);
  }

  gone(id: string, was: string): void {
    this.deleted.push(id);
    this.digest.add(Buffer.from(`gone ${id}${was}`, 'latin1'));
    this.name(id);
  }

  result(collection: string, is: LostCollection['is']): LostCollection {
    const { inserted, changed, stamped } = this;
    const ids = this.first.map(idWords);
    return {
      ...{ collection, is, inserted, changed, stamped },
      ...{ deleted: this.deleted.length, ids, digest: this.digest.result().digest },
    };
  }

  private name(id: string): void {
    if (this.first.length < SHOWN || id < (this.first.at(-1) ?? ''))
      this.first = [...this.first, id].sort((a, b) => (a < b ? -1 : 1)).slice(0, SHOWN);
  }
}

const SHOWN = 5;
const AT_ONCE = 2_000_000;

/**
 * The documents of the database that a restore would take back, raw: those that the backup does not have, and those that
 * it has otherwise. Reads both to the end, as often as the backup's do not fit into memory together.
 */
export async function* lostDocuments(compared: Compared, tally: LostTally): AsyncGenerator<Buffer> {
  const { db, collection, backup, there, column, atOnce = AT_ONCE } = compared;
  const parts = Math.max(1, Math.ceil((backup?.documents ?? 0) / atOnce));
  for (let part = 0; part < parts; part += 1) {
    const mine = (id: string): boolean => parts === 1 || partOf(id, parts) === part;
    const known = await readKnown(compared, mine);
    if (there) {
      const cursor = db.collection(collection).find({}, { raw: true, batchSize: 2_000 });
      try {
        while (await cursor.hasNext()) {
          compared.signal.throwIfAborted();
          for (const document of cursor.readBufferedDocuments() as unknown as readonly Buffer[]) {
            const id = idText(document) ?? '';
            if (!mine(id)) continue;
            const was = known.get(id);
            known.delete(id);
            const now = hashOf(document);
            if (was?.startsWith(now)) continue;
            const kind =
              was === undefined
                ? 'inserted'
                : column !== undefined && was.endsWith(hashWithout(document, column))
                  ? 'stamped'
                  : 'changed';
            tally.add(kind, id, document);
            yield document;
          }
        }
      } finally {
        await cursor.close().catch(() => undefined);
      }
    }
    for (const [id, was] of known) tally.gone(id, was);
  }
}

/** `_id` alone, as a document: what is known of one that was deleted. */
export function idDocument(id: string): Buffer {
  const element = Buffer.concat([
    Buffer.from([id.charCodeAt(0)]),
    Buffer.from('_id\0'),
    Buffer.from(id.slice(1), 'latin1'),
  ]);
  const size = Buffer.alloc(4);
  size.writeInt32LE(element.length + 5);
  return Buffer.concat([size, element, Buffer.from([0])]);
}

/** `_id` to the hash of the document, followed by that of the document without the tenant key where it has one. */
async function readKnown(compared: Compared, mine: (id: string) => boolean): Promise<Map<string, string>> {
  const known = new Map<string, string>();
  const { backup, column, signal } = compared;
  if (!backup) return known;
  await readCompressed(backup.path, signal, async (source, within) => {
    for await (const document of documentsOf(source)) {
      within.throwIfAborted();
      const id = idText(document) ?? '';
      if (!mine(id)) continue;
      const hash = hashOf(document);
      const bare = column === undefined ? hash : hashWithout(document, column);
      known.set(id, bare === hash ? hash : hash + bare);
    }
  });
  return known;
}

function hashOf(document: Buffer): string {
  return createHash('sha256').update(document).digest().toString('latin1');
}

/** Of the elements, so that a document that never had the key and one that has lost it are the same. */
function hashWithout(document: Buffer, column: string): string {
  const rest = [...rawElements(document)].filter(({ name }) => name !== column);
  if (!hasElement(document, column)) return hashOf(document);
  const size = rest.reduce((sum, { name, value }) => sum + 2 + Buffer.byteLength(name) + value.length, 5);
  const head = Buffer.alloc(4);
  head.writeInt32LE(size);
  const parts = rest.flatMap(({ type, name, value }) => [Buffer.from([type]), Buffer.from(`${name}\0`), value]);
  return hashOf(Buffer.concat([head, ...parts, Buffer.from([0])]));
}

function hasElement(document: Buffer, name: string): boolean {
  for (const element of rawElements(document)) if (element.name === name) return true;
  return false;
}

function partOf(id: string, parts: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i += 1) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193) >>> 0;
  return hash % parts;
}

function idWords(id: string): string {
  const { _id } = BSON.deserialize(idDocument(id), { promoteValues: false, bsonRegExp: true });
  const words = BSON.EJSON.stringify(_id, { relaxed: true });
  return words.length > 80 ? `${words.slice(0, 77)}...` : words;
}
