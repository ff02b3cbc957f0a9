import type { ClientSession, Db, MongoClient, Timestamp } from 'mongodb';
import { clusterTimeOf, markMoment, type ClusterTime } from './cluster-time';

/**
 * Whether snapshot reads are really held: a server may accept them and answer with what is newest. Proved on a document
 * of the tool's own, which is changed between two reads of one session.
 */
export async function holdsSnapshots(client: MongoClient, lane: Db, run: string): Promise<boolean> {
  await markMoment(lane, run);
  await using session = client.startSession({ snapshot: true });
  const read = async (): Promise<unknown> =>
    (await lane.collection<{ readonly _id: string; readonly n: number }>('moment').findOne({ _id: run }, { session }))
      ?.n;
  try {
    const before = await read();
    await markMoment(lane, run);
    return before !== undefined && (await read()) === before && snapshotTime(session) !== undefined;
  } catch {
    return false; // the server knows no such reads
  }
}

/** The instant that all reads of a snapshot session see; undefined before the first read. */
export function snapshotTime(session: ClientSession): ClusterTime | undefined {
  const time = (session as { readonly snapshotTime?: Timestamp }).snapshotTime;
  return time === undefined ? undefined : clusterTimeOf(time);
}

/** The snapshot is older than the server keeps (SnapshotTooOld, SnapshotUnavailable). */
export function snapshotLost(error: unknown): boolean {
  const code = (error as { readonly code?: number } | undefined)?.code;
  return code === 239 || code === 246;
}
