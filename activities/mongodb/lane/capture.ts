import type { Db } from 'mongodb';
import { CutoverError } from '../../../src/core/failure';
import type { Json } from '../../../src/core/json';
import type { Captured } from '../../../src/core/tenancy-args';
import { isDuplicateKey } from '../duplicate-key';
import { captures } from './documents';

export type CaptureKey = Captured & { readonly run: string };

/** Write-once by `_id`: whoever comes second reads what the first one took. Never in a transaction: it must outlive one. */
export async function captureOnce<T extends Json>(lane: Db, key: CaptureKey, take: () => Promise<T>): Promise<T> {
  const stored = await readCapture<T>(lane, key);
  if (stored !== undefined) return stored;
  const value = await take();
  try {
    await captures(lane).insertOne({ _id: idOf(key), value: JSON.stringify(value) });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
  return (await readCapture<T>(lane, key)) ?? value;
}

export async function requireCapture<T extends Json>(lane: Db, key: CaptureKey): Promise<T> {
  const stored = await readCapture<T>(lane, key);
  if (stored === undefined)
    throw new CutoverError(
      'Refused',
      `Step ${key.step} has captured no "${key.name}" in run ${key.run}; was it skipped?`,
    );
  return stored;
}

/** Undefined when no step of that name has captured it. */
export async function readCapture<T extends Json>(lane: Db, key: CaptureKey): Promise<T | undefined> {
  const found = await captures(lane).findOne({ _id: idOf(key) });
  return found === null ? undefined : (JSON.parse(found.value) as T);
}

function idOf({ run, step, name }: CaptureKey): string {
  return `${run}/${step}/${name}`;
}
