import { evidenceOf } from '../../../src/core/evidence';
import { CutoverError } from '../../../src/core/failure';
import type { Located } from '../backup/locate';
import { readCollections, type CollectionInfo } from '../backup/collections';
import { compareWithManifest, digestCollection, shapeDifferences } from '../backup/compare';
import type { Manifest } from '../backup/manifest';
import { restoreCollection, restoreView, type RestoreOptions } from '../backup/restore';
import type { MongoLink } from '../session';

export interface PutBack extends Omit<RestoreOptions, 'mayWrite'> {
  /** Throws when this attempt was overtaken: before everything that is dropped, and every batch. */
  readonly mayWrite: () => Promise<void>;
}

/**
 * Makes the database what the backup holds. A collection that is that already stays as it is, so that a second call goes
 * on where the first one ended; any other is dropped and restored whole.
 */
export async function putBack(link: MongoLink, { path, manifest }: Located, options: PutBack): Promise<void> {
  const { db } = link;
  const there = new Map((await readCollections(db, manifest.excluded)).map((info) => [info.name, info]));
  const drop = async (name: string): Promise<void> => {
    await options.mayWrite();
    await db.dropCollection(name);
  };
  for (const [name, info] of [...there].sort(viewsFirst)) {
    if (!Object.hasOwn(manifest.collections, name)) await drop(name);
    else if (info.type === 'view' && manifest.collections[name]?.type !== 'view') await drop(name);
  }
  const wanted = Object.entries(manifest.collections);
  for (const [name, entry] of wanted.filter(([, { type }]) => type === 'collection')) {
    const info = there.get(name);
    if (info && info.type !== 'view') {
      if (await isSame(link, name, entry, info)) continue;
      await drop(name);
    }
    await restoreCollection(db, path, [name, entry], options);
  }
  for (const [name, entry] of wanted.filter(([, { type }]) => type === 'view')) {
    const info = there.get(name);
    if (info && info.type === 'view' && shapeDifferences(name, entry, info).length === 0) continue;
    if (info) await drop(name);
    await options.mayWrite();
    await restoreView(db, path, [name, entry]);
  }
}

/** @throws Refused when the database is not what the manifest says. */
export async function requireAsInBackup(
  { db }: MongoLink,
  { manifest }: Located,
  onCollection: (done: number, total: number) => void,
): Promise<void> {
  const checks = await compareWithManifest(db, manifest, { ignore: manifest.excluded, onCollection });
  const evidence = evidenceOf('The restored database is not what the backup holds', checks);
  if (evidence.verdict === 'pass') return;
  throw new CutoverError(
    'Refused',
    `${evidence.summary} Somebody may have written meanwhile: stop them, then call the same command again. The application's writes stay refused until then.`,
  );
}

async function isSame(
  { db }: MongoLink,
  name: string,
  entry: Manifest['collections'][string],
  info: CollectionInfo,
): Promise<boolean> {
  if (shapeDifferences(name, entry, info).length > 0 || !entry.data) return false;
  const { documents, digest } = await digestCollection(db, name);
  return documents === entry.data.content.documents && digest === entry.data.content.digest;
}

function viewsFirst([, a]: readonly [string, CollectionInfo], [, b]: readonly [string, CollectionInfo]): number {
  return Number(b.type === 'view') - Number(a.type === 'view');
}
