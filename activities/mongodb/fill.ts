import { randomUUID } from 'node:crypto';
import type { Fill } from '../../src/core/tenancy-args';

export type Filled = Readonly<Record<string, string | Date | null>>;

/** Values for one new document, as the application's own model would draw them. All times of one document are the same. */
export function fillIn(fill: Fill | undefined, now: Date = new Date()): Filled {
  const filled: Record<string, string | Date | null> = {};
  for (const [field, what] of Object.entries(fill ?? {})) {
    filled[field] = { uuid: () => randomUUID(), now: () => now, 'now-iso': () => isoformat(now), null: () => null }[
      what
    ]();
  }
  return filled;
}

/** As Python's `datetime.isoformat()` writes a time in UTC: six digits after the point, none when they are all zero. */
export function isoformat(time: Date): string {
  const [seconds, fraction] = time.toISOString().replace('Z', '').split('.');
  return fraction === undefined || Number(fraction) === 0 ? `${seconds}+00:00` : `${seconds}.${fraction}000+00:00`;
}
