import type { Db, Timestamp } from 'mongodb';
import { CutoverError } from '../../../src/core/failure';

/** A moment of the replica set, as one number: seconds in the upper 32 bits, a counter in the lower. */
export type ClusterTime = bigint;

export function clusterTimeOf(timestamp: Timestamp): ClusterTime {
  return BigInt.asUintN(64, timestamp.toBigInt());
}

/** By the server's clock, ISO text. */
export function dateOf(time: ClusterTime): string {
  return new Date(Number(time >> 32n) * 1000).toISOString();
}

/** `<seconds>.<counter>`, as people see it. */
export function clusterTimeText(time: ClusterTime): string {
  return `${time >> 32n}.${time & 0xffff_ffffn}`;
}

export function clusterTimeFrom(text: string): ClusterTime {
  const [seconds = '', counter = ''] = text.split('.');
  return (BigInt(seconds) << 32n) | BigInt(counter);
}

/**
 * Writes one document of the tool's own with majority, and gives the moment of that write: whatever was acknowledged
 * before the call lies before it, and a majority has it.
 */
export async function markMoment(lane: Db, run: string): Promise<ClusterTime> {
  const answer = await lane.command({
    update: 'moment',
    updates: [{ q: { _id: run }, u: { $inc: { n: 1 } }, upsert: true }],
    writeConcern: { w: 'majority', j: true },
  });
  const time = (answer as { readonly operationTime?: Timestamp }).operationTime;
  if (time !== undefined && answer.ok === 1) return clusterTimeOf(time);
  throw new CutoverError(
    'Refused',
    'The server gives no cluster time with its answers: it is no replica set. Make it one (a single node is enough), then try again.',
  );
}
