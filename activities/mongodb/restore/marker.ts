import type { Collection, Db } from 'mongodb';
import { CutoverError } from '../../../src/core/failure';
import type { Digest, Json } from '../../../src/core/json';
import { restoreWords } from '../../../src/core/restore';

/**
 * Where a restore stands; survives whoever was at it. Until `restoring` nothing of the application's has changed, and
 * whoever comes next may give it up. From then on it is only ended: the database is neither the old one nor the new one.
 *
 * fenced -> restoring -> opening -> done
 */
export interface RestoreMarker {
  /** The target. */
  readonly _id: string;
  readonly run: string;
  readonly plan: string;
  readonly lost: Digest;
  readonly state: 'fenced' | 'restoring' | 'opening' | 'done';
  /** JSON: what giving the application its rights back needs. */
  readonly captured: string;
  /** The run held the target before the restore: it goes on holding it when the restore is given up. */
  readonly heldBefore: boolean;
  readonly archive?: string;
  /** Of the end; what a second call answers. */
  readonly message?: string;
}

export const markers = (lane: Db): Collection<RestoreMarker> => lane.collection<RestoreMarker>('restore');

export async function readMarker(lane: Db, home: string): Promise<RestoreMarker | undefined> {
  return (await markers(lane).findOne({ _id: home })) ?? undefined;
}

/** A restore that has begun to drop and has not ended. */
export function isHalfDone(
  marker: RestoreMarker | undefined,
): marker is RestoreMarker & { readonly state: 'restoring' | 'opening' } {
  return marker?.state === 'restoring' || marker?.state === 'opening';
}

/** For a person: what stands, and which command goes on. */
export function underWayWords(marker: RestoreMarker): string {
  const { _id: home, plan, run, lost } = marker;
  return isHalfDone(marker)
    ? `A restore of run ${run} stands in the middle, and the application's writes are refused until it has ended; go on with \`${restoreWords({ name: plan, home })} --lost ${lost}\` and the people who approved it.`
    : `A restore of run ${run} was begun and has changed nothing yet, but the application's writes are refused; go on with \`${restoreWords({ name: plan, home })} --lost ${lost}\`. Where the list has changed since, that call lets the application write again.`;
}

/** @throws Refused when another restore is half done. */
export function requireSame(marker: RestoreMarker | undefined, run: string, lost: Digest): void {
  if (isHalfDone(marker) && (marker.run !== run || marker.lost !== lost))
    throw new CutoverError('Refused', underWayWords(marker));
}

export function capturedIn({ captured }: RestoreMarker): Json {
  return JSON.parse(captured) as Json;
}
