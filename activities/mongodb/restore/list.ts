import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError } from '../../../src/core/failure';
import { canonical, digestOfText, type Digest } from '../../../src/core/json';
import type { LostCollection, LostList } from '../../../src/core/restore';
import { errorCode, syncFolder, writeOnce } from '../../backup/files';
import { readCollections, type CollectionInfo } from '../backup/collections';
import { shapeDifferences } from '../backup/compare';
import { lostDocuments, LostTally } from '../backup/lost';
import type { MongoLink } from '../session';
import { keyOf, type Source } from './source';

/** Takes the documents of one collection that would be lost, to their end. */
export type TakeLost = (collection: string, documents: AsyncIterable<Buffer>, tally: LostTally) => Promise<void>;

export interface Listing {
  readonly link: MongoLink;
  readonly source: Source;
  readonly signal: AbortSignal;
  readonly onCollection: (done: number, total: number) => void;
}

/** What a restore would take back, by comparing every document of the database with the backup's. Reads only. */
export async function listLost(listing: Listing, take: TakeLost = drain): Promise<LostList> {
  const { link, source, signal, onCollection } = listing;
  const { manifest, path, sha256 } = source.backup;
  const now = await readCollections(link.db, manifest.excluded);
  const there = new Map(now.map((info) => [info.name, info]));
  const names = [...new Set([...Object.keys(manifest.collections), ...there.keys()])].sort();
  const collections: LostCollection[] = [];
  const shape: string[] = [];
  for (const [index, collection] of names.entries()) {
    onCollection(index, names.length);
    const entry = Object.hasOwn(manifest.collections, collection) ? manifest.collections[collection] : undefined;
    const info = there.get(collection);
    if (entry && info) shape.push(...shapeDifferences(collection, entry, info));
    else shape.push(cameOrWent(collection, info));
    if (info?.type === 'view' || entry?.type === 'view') continue;
    const tally = new LostTally();
    const compared = {
      ...{ db: link.db, collection, signal, there: info !== undefined, column: keyOf(source.plan) },
      ...(entry?.data
        ? { backup: { path: join(path, entry.data.file), documents: entry.data.content.documents } }
        : {}),
    };
    await take(collection, lostDocuments(compared, tally), tally);
    const found = tally.result(collection, !entry ? 'created' : info ? 'changed' : 'dropped');
    if (found.is !== 'changed' || found.inserted + found.changed + found.stamped + found.deleted > 0)
      collections.push(found);
  }
  return {
    version: 1,
    run: source.run.id,
    home: source.run.home,
    backup: nameOf(path),
    manifest: `sha256:${sha256}`,
    takenAt: manifest.takenAt,
    total: collections.reduce((sum, c) => sum + c.inserted + c.changed + c.deleted, 0),
    collections,
    shape,
    laterRuns: source.laterRuns,
  };
}

async function drain(_collection: string, documents: AsyncIterable<Buffer>): Promise<void> {
  for await (const document of documents) void document;
}

function cameOrWent(name: string, info: CollectionInfo | undefined): string {
  const kind = info?.type === 'view' ? 'view' : 'collection';
  return info ? `${kind} ${name} is not in the backup: it is dropped` : `${name} was dropped since: it comes back`;
}

/** One text, and its digest. */
export function textOf(list: LostList): { readonly text: string; readonly digest: Digest } {
  const text = `${canonical(list)}\n`;
  return { text, digest: digestOfText(text) };
}

/** `<backup>.lost-<12 hex digits>.json`, beside the backup. */
export function listFile(backupPath: string, digest: Digest): string {
  return `${backupPath}.lost-${digest.slice(7, 19)}.json`;
}

/** Write-once: the same list lies there already. */
export async function keepList(
  backupPath: string,
  list: LostList,
): Promise<{ readonly file: string; readonly lost: Digest }> {
  const { text, digest } = textOf(list);
  const file = listFile(backupPath, digest);
  try {
    await writeOnce(file, (handle) => handle.writeFile(text));
  } catch (error) {
    if (errorCode(error) !== 'EEXIST' || (await readFile(file, 'utf8')) !== text) throw error;
  }
  await syncFolder(join(file, '..'));
  return { file, lost: digest };
}

/** @throws Refused when no such list was shown. */
export async function readList(backupPath: string, digest: Digest): Promise<LostList> {
  const text = await readFile(listFile(backupPath, digest), 'utf8').catch(() => undefined);
  if (text !== undefined && digestOfText(text) === digest) return JSON.parse(text) as LostList;
  throw new CutoverError(
    'NotAllowed',
    `No list with the digest ${digest} lies beside the backup ${nameOf(backupPath)}: look at the list first (\`cutover restore\` without --lost), then approve that one. Nothing was done.`,
  );
}

export function nameOf(path: string): string {
  return path.split('/').at(-1) ?? path;
}
