import type { Db } from 'mongodb';
import { isDuplicateKey } from './duplicate-key';

/** How far the windows are: everything up to and with `bound` was written. Going over some again is harmless. */
export interface Reached {
  /** The last id, as extended JSON; absent = none yet. */
  readonly bound?: string;
  /** Documents walked and stamped so far, in all attempts. */
  readonly walked: number;
  readonly stamped: number;
  readonly windows: number;
  readonly ms: number;
}

export const START: Reached = { walked: 0, stamped: 0, windows: 0, ms: 0 };

export interface RowName {
  readonly run: string;
  readonly step: string;
  readonly name: string;
}

export async function readReached(lane: Db, row: RowName): Promise<Reached> {
  const found = await lane.collection<Row>(PROGRESS).findOne({ _id: idOf(row) });
  return found ? (JSON.parse(found.value) as Reached) : START;
}

/** Whoever comes late, overtaken by one that came further, changes nothing. */
export async function writeReached(lane: Db, row: RowName, reached: Reached): Promise<void> {
  const { walked } = reached;
  const set = { value: JSON.stringify(reached), walked, at: new Date().toISOString() };
  try {
    await lane
      .collection<Row>(PROGRESS)
      .updateOne({ _id: idOf(row), walked: { $not: { $gt: walked } } }, { $set: set }, { upsert: true });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}

function idOf({ run, step, name }: RowName): string {
  return `${run}/${step}/${name}`;
}

interface Row {
  readonly _id: string;
  readonly value: string;
  readonly walked?: number;
  readonly at: string;
}

const PROGRESS = 'progress';
