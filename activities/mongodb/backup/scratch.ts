import type { Db } from 'mongodb';
import type { RunRef } from '../../../src/core/verb';
import type { MongoTarget, Resources } from '../../resources';
import { fingerprint } from '../fingerprint';
import { appName } from '../lane/claim';
import { openLink } from '../link';
import type { MongoLink } from '../session';

/** Says that everything in this database may be dropped: without it only an empty database is touched. */
export const MARKER = 'cutover_drill';

interface Marker {
  readonly _id: 'marker';
  readonly words: string;
  readonly run: string;
}

/**
 * What forbids to use this database as scratch; nothing = it may be emptied. Asks all other databases of the worker's
 * config which one they are, so that a second address of the application's own database is seen through.
 *
 * @throws Unavailable when one of them cannot be asked: unproved is refused.
 */
export async function objectionsToScratch(
  resources: Resources,
  input: {
    readonly run: RunRef;
    readonly scratch: MongoTarget;
    readonly link: MongoLink;
    readonly signal: AbortSignal;
  },
): Promise<readonly string[]> {
  const { run, scratch, link, signal } = input;
  const own = await fingerprint(link);
  const objections: string[] = [];
  for (const name of resources.targetNames) {
    const other = resources.target(name);
    if (other.kind !== 'mongodb' || name === scratch.name) continue;
    await using theirs = await openLink(other, { appName: appName(run, 'drill'), readOnly: true, signal });
    if ((await fingerprint(theirs)) === own)
      objections.push(`"${scratch.name}" and "${name}" are the same database (${own})`);
  }
  if (run.home === scratch.name) objections.push(`"${scratch.name}" is the home of this run`);
  return [...objections, ...(await foreignContent(link))];
}

async function foreignContent({ db, lane }: MongoLink): Promise<readonly string[]> {
  if (await isHome(lane)) return [`beside it lies ${lane.databaseName}, the ledger of some run`];
  if (await isMarked(db)) return [];
  const names = await contentOf(db);
  if (names.length === 0) return [];
  return [`it holds what no drill has put there (${names.slice(0, 4).join(', ')}${names.length > 4 ? ', …' : ''})`];
}

/** Where the tool's user may not look, there is none of its ledgers: it could not have written one. */
async function isHome(lane: Db): Promise<boolean> {
  try {
    return (await lane.collection('ledger').findOne({})) !== null;
  } catch (error) {
    if ((error as { readonly code?: number }).code === UNAUTHORIZED) return false;
    throw error;
  }
}

const UNAUTHORIZED = 13;

/** Whether a drill has been here. */
export async function isMarked(db: Db): Promise<boolean> {
  return (await db.collection<Marker>(MARKER).findOne({ _id: 'marker' })) !== null;
}

export async function markScratch(db: Db, run: RunRef): Promise<void> {
  const words = 'cutover empties this database and restores backups into it';
  await db.collection<Marker>(MARKER).updateOne({ _id: 'marker' }, { $set: { words, run: run.id } }, { upsert: true });
}

/** Drops all collections and views; the marker last, so that what is half emptied may be emptied further. */
export async function emptyScratch(db: Db, options: { readonly keepMarker: boolean }): Promise<number> {
  const names = await contentOf(db);
  for (const name of names) await db.dropCollection(name);
  if (!options.keepMarker) await db.dropCollection(MARKER);
  return names.length;
}

async function contentOf(db: Db): Promise<readonly string[]> {
  const listed = await db.listCollections({}, { nameOnly: true }).toArray();
  return listed.map(({ name }) => name).filter((name) => name !== MARKER && !name.startsWith('system.'));
}
