import type { CreateIndexesOptions, Db, IndexSpecification } from 'mongodb';
import { codeOf } from '../duplicate-key';

/**
 * The tool's own database beside the application's, `cutover_<database>`. Nobody but the tool's user needs rights on it.
 *
 * - claim: one run owns a target at a time; the token rises with every attempt and is never reset.
 * - ledger: append-only. MongoDB has no trigger that could refuse a change: it is the chain of hashes that tells of one.
 *   Bodies are canonical JSON text, since the hash covers the text and BSON would change numbers and dates.
 * - capture: write-once values of before the first change, by `<run>/<step>/<name>`.
 * - progress: unchained positions of windowed work.
 * - archive: what an undo would otherwise lose, by (run, collection, _id).
 * - fence: what stands in front of the application's writes, and until when.
 *
 * Made before any transaction: inside one a collection may not be there for a reader of an older snapshot.
 */
export const LANE_COLLECTIONS = ['claim', 'ledger', 'capture', 'progress', 'archive', 'fence'] as const;

interface LaneIndex {
  readonly keys: IndexSpecification;
  readonly options: CreateIndexesOptions & { readonly name: string };
}

const LEDGER_INDEXES: readonly LaneIndex[] = [
  { keys: { run: 1, seq: 1 }, options: { name: 'ledger_place', unique: true } },
  {
    keys: { run: 1, step: 1, verb: 1, round: 1, event: 1 },
    options: {
      name: 'ledger_once',
      unique: true,
      partialFilterExpression: { event: { $in: ['plan', 'start', 'end'] } },
    },
  },
  {
    keys: { run: 1, noteId: 1 },
    options: { name: 'ledger_note_once', unique: true, partialFilterExpression: { noteId: { $exists: true } } },
  },
];

/** Creates the tool's collections where they are not yet; two at once are harmless. */
export async function ensureLane(lane: Db): Promise<void> {
  const there = await laneCollections(lane);
  for (const name of LANE_COLLECTIONS) if (!there.has(name)) await create(lane, name);
  const ledger = lane.collection('ledger');
  const known = new Set((await ledger.indexes()).map((index) => index.name));
  for (const { keys, options } of LEDGER_INDEXES) if (!known.has(options.name)) await ledger.createIndex(keys, options);
}

export async function laneCollections(lane: Db): Promise<ReadonlySet<string>> {
  const found = await lane.listCollections({}, { nameOnly: true }).toArray();
  return new Set(found.map(({ name }) => name));
}

async function create(lane: Db, name: string): Promise<void> {
  try {
    await lane.createCollection(name);
  } catch (error) {
    if (codeOf(error) !== NAMESPACE_EXISTS) throw error;
  }
}

const NAMESPACE_EXISTS = 48;
