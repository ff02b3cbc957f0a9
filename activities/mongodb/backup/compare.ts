import type { Db } from 'mongodb';
import type { Check } from '../../../src/core/evidence';
import { DocumentDigest, type DocumentsDigest } from '../document-digest';
import { indexLines, optionsText, readCollections, sameOptions, type CollectionInfo } from './collections';
import type { Manifest } from './manifest';

/** Whether this database is what the manifest says: documents and digests, indexes, options, nothing missing or extra. */
export async function compareWithManifest(
  db: Db,
  manifest: Manifest,
  options: { readonly ignore: readonly string[]; readonly onCollection: (done: number, total: number) => void },
): Promise<readonly Check[]> {
  const found = new Map((await readCollections(db, options.ignore)).map((info) => [info.name, info]));
  const expected = Object.entries(manifest.collections);
  const missing = expected.filter(([name]) => !found.has(name)).map(([name]) => `${name} is missing`);
  const extra = [...found.keys()].filter((name) => !Object.hasOwn(manifest.collections, name));
  const counts: string[] = [];
  const digests: string[] = [];
  const indexes: string[] = [];
  const shapes: string[] = [];
  for (const [index, [name, entry]] of expected.entries()) {
    options.onCollection(index, expected.length);
    const info = found.get(name);
    if (info === undefined) continue;
    shapes.push(...optionDifferences(name, entry, info));
    indexes.push(...indexDifferences(name, entry.indexes, indexLines(info.indexes)));
    if (!entry.data) continue;
    const { documents, digest } = await digestCollection(db, name);
    const { content } = entry.data;
    if (documents !== content.documents)
      counts.push(`${name} has ${documents} documents instead of ${content.documents}`);
    else if (digest !== content.digest) digests.push(`${name} has the same number of documents, but not the same ones`);
  }
  const total = expected.length;
  return [
    listed('collections', `as in the backup, ${total}`, [
      ...missing,
      ...extra.map((name) => `${name} is not in the backup`),
    ]),
    listed('document counts', `as in the backup, ${total} collections and views`, counts),
    listed('document digests', `as in the backup, ${total} collections and views`, digests),
    listed('indexes', `as in the backup, ${expected.reduce((sum, [, e]) => sum + e.indexes.length, 0)}`, indexes),
    listed('options and validators', `as in the backup, ${total} collections and views`, shapes),
  ];
}

type Described = Manifest['collections'][string];

/** Indexes, options and validator of a collection that are not as in the backup, in words. */
export function shapeDifferences(name: string, entry: Described, info: CollectionInfo): readonly string[] {
  return [...optionDifferences(name, entry, info), ...indexDifferences(name, entry.indexes, indexLines(info.indexes))];
}

function optionDifferences(name: string, entry: Described, { options }: CollectionInfo): readonly string[] {
  return sameOptions(optionsText(options), entry.options) ? [] : [`${name} has other options`];
}

/** Reads the whole collection. */
export async function digestCollection(db: Db, name: string): Promise<DocumentsDigest> {
  const digest = new DocumentDigest();
  const cursor = db.collection(name).find({}, { raw: true, batchSize: 2_000 });
  try {
    while (await cursor.hasNext())
      for (const document of cursor.readBufferedDocuments() as unknown as readonly Buffer[]) digest.add(document);
  } finally {
    await cursor.close().catch(() => undefined);
  }
  return digest.result();
}

function indexDifferences(name: string, expected: readonly string[], found: readonly string[]): readonly string[] {
  const first = (line: string): string => line.split(' ')[0] ?? line;
  const gone = expected
    .filter((line) => !found.includes(line))
    .map((line) => `${name}: ${first(line)} missing or different`);
  const names = new Set(expected.map(first));
  const more = found
    .filter((line) => !names.has(first(line)))
    .map((line) => `${name}: ${first(line)} is not in the backup`);
  return [...gone, ...more];
}

function listed(name: string, expected: string, wrong: readonly string[]): Check {
  if (wrong.length === 0) return { name, verdict: 'pass', expected, observed: expected };
  const observed = wrong.slice(0, 3).join(', ') + (wrong.length > 3 ? `, and ${wrong.length - 3} more` : '');
  return { name, verdict: 'fail', expected, observed };
}
