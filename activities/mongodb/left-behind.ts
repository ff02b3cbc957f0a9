import type { Document, Filter } from 'mongodb';
import type { Check } from '../../src/core/evidence';
import { amongIds, EXACT } from './ids';
import { findMissing } from './find-missing';
import { missingKey } from './missing';
import { absent } from './rules/driver';
import { driverOf } from './rules/driver-of';
import { sweepDocuments, type SweepInput } from './rules/sweep';

/** What a sweep beside a writing application proves. */
export interface LeftBehind {
  /** Found without a valid key: written since the last sweep. */
  readonly arrived: number;
  /** Of them, without one after this sweep: the rule does not reach them. */
  readonly left: number;
}

/**
 * The old application goes on writing documents without a key until the fence stands, so that a count of zero cannot be
 * had before. What can be: every document that is without one now has it after a sweep. An application that replaces
 * whole documents may take the key off again in between, which is why those still found are swept some times more; of
 * one that it replaces all the time it is enough that the rule has stamped it. The fence's own sweep and count come last
 * and are exact.
 */
export async function leftBehind(input: SweepInput): Promise<ReadonlyMap<string, LeftBehind>> {
  const found = new Map<string, LeftBehind>();
  for (const one of input.tables) {
    const arrived: unknown[] = [];
    for await (const batch of findMissing(input.db, one, { signal: input.signal, thorough: true }))
      arrived.push(...batch.map(({ id }) => id));
    let left: readonly unknown[] = arrived;
    for (let round = 1; left.length > 0 && round <= ROUNDS; round++) {
      await sweepDocuments({ ...input, tables: [one], thorough: true });
      left = await stillMissing(input, one, left);
    }
    const reached = left.length > MOST_ALONE ? 0 : await countReached(input, one, left);
    found.set(one.table, { arrived: arrived.length, left: left.length - reached });
  }
  return found;
}

export function behindChecks(behind: ReadonlyMap<string, LeftBehind>): readonly Check[] {
  return [...behind].map(([table, { arrived, left }]) => ({
    name: `${table}: documents that a sweep leaves without a key`,
    verdict: left === 0 ? ('pass' as const) : ('fail' as const),
    expected: '0',
    observed: arrived === 0 ? '0' : `${left} of ${arrived} that were written since the last sweep`,
  }));
}

async function stillMissing(
  { db }: SweepInput,
  { table, column }: { readonly table: string; readonly column: string },
  ids: readonly unknown[],
): Promise<readonly unknown[]> {
  const left: unknown[] = [];
  for (let from = 0; from < ids.length; from += CHUNK)
    for (const among of amongIds(ids.slice(from, from + CHUNK))) {
      const filter = { $and: [among, missingKey(column)] } as unknown as Filter<Document>;
      const still = db.collection<Document>(table).find(filter, { ...EXACT, projection: { _id: 1 } });
      for await (const { _id } of still) left.push(_id);
    }
  return left;
}

/** Those that the rule stamps, whatever becomes of the key afterwards; or that have one by now, or are gone. */
async function countReached(
  { db, tenants, signal }: SweepInput,
  { table, column, rule }: SweepInput['tables'][number],
  ids: readonly unknown[],
): Promise<number> {
  const driver = driverOf(rule, { table, column }, tenants);
  let reached = 0;
  for (const within of ids.flatMap((id) => amongIds([id]))) {
    signal.throwIfAborted();
    // Without the field only: what stands in a key's place is kept by the sweep before it is overwritten.
    const stamped = await driver.apply(db, { within, still: absent(column) });
    const still = { $and: [within, missingKey(column)] } as unknown as Filter<Document>;
    if (stamped > 0 || (await db.collection<Document>(table).countDocuments(still, { limit: 1 })) === 0) reached += 1;
  }
  return reached;
}

const CHUNK = 500;
const MOST_ALONE = 1_000;
const ROUNDS = 5;
