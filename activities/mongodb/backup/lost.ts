import type { Db } from 'mongodb';
import { CutoverError } from '../../../src/core/failure';
import { openChanges } from './change-reader';
import { clusterTimeFrom, markMoment } from './cluster-time';
import type { Manifest } from './manifest';

/** What a restore of this backup would take back, by collection. */
export interface Lost {
  /** `changes`: read from the server's memory of them. `counts`: that is gone, so only numbers of documents are compared. */
  readonly how: 'changes' | 'counts';
  readonly collections: Readonly<Record<string, LostDocuments>>;
  /** Documents, or the least number of them where only counts are known. */
  readonly total: number;
}

export interface LostDocuments {
  /** With `counts`: more documents than in the backup. */
  readonly inserted: number;
  /** With `counts`: unknown, 0. */
  readonly changed: number;
  /** With `counts`: fewer documents than in the backup. */
  readonly deleted: number;
}

/** Reads only, but for one document of the tool's own. */
export async function lostByRestore(db: Db, lane: Db, run: string, manifest: Manifest): Promise<Lost> {
  const now = await markMoment(lane, run);
  try {
    await using reader = openChanges(db, clusterTimeFrom(manifest.consistency.clusterTime) + 1n);
    const byId = new Map<string, Map<string, keyof LostDocuments>>();
    await reader.upTo(now, (change) => {
      if (change.kind === 'other') return;
      const ofCollection = byId.get(change.collection) ?? new Map<string, keyof LostDocuments>();
      byId.set(change.collection, ofCollection);
      const before = ofCollection.get(change.id);
      const next = change.after === undefined && !change.looked ? 'deleted' : change.inserted ? 'inserted' : 'changed';
      if (before === 'inserted' && next === 'deleted') ofCollection.delete(change.id);
      else
        ofCollection.set(
          change.id,
          before === 'inserted' ? 'inserted' : before !== undefined && next === 'inserted' ? 'changed' : next,
        );
    });
    return lostOf('changes', Object.fromEntries([...byId].map(([name, ids]) => [name, tally(ids)])));
  } catch (error) {
    if (!(error instanceof CutoverError) || error.type !== 'Refused') throw error;
    return byCounts(db, manifest);
  }
}

async function byCounts(db: Db, manifest: Manifest): Promise<Lost> {
  const collections: Record<string, LostDocuments> = {};
  for (const [name, { data }] of Object.entries(manifest.collections)) {
    if (!data) continue;
    const more = (await db.collection(name).countDocuments()) - data.content.documents;
    collections[name] = { inserted: Math.max(0, more), changed: 0, deleted: Math.max(0, -more) };
  }
  return lostOf('counts', collections);
}

function tally(ids: ReadonlyMap<string, keyof LostDocuments>): LostDocuments {
  const count = (what: keyof LostDocuments): number => [...ids.values()].filter((found) => found === what).length;
  return { inserted: count('inserted'), changed: count('changed'), deleted: count('deleted') };
}

function lostOf(how: Lost['how'], all: Readonly<Record<string, LostDocuments>>): Lost {
  const collections = Object.fromEntries(
    Object.entries(all).filter(([, { inserted, changed, deleted }]) => inserted + changed + deleted > 0),
  );
  const total = Object.values(collections).reduce((sum, l) => sum + l.inserted + l.changed + l.deleted, 0);
  return { how, collections, total };
}
