import type { Db, Document, Filter } from 'mongodb';
import { recalled, type BeforeOf } from './before';
import { idText } from './id-stream';
import { amongIds, EXACT } from './ids';
import { countKept, keepKeys, type KeyOf } from './key-archive';
import { isKey, validKey } from './missing';
import type { MongoRule } from './rules/driver';

export interface Unstamping {
  readonly table: string;
  readonly column: string;
  readonly rule: MongoRule;
  readonly before: BeforeOf;
  /** Whether any document held something in the key's place before the run. */
  readonly remembered: boolean;
  readonly signal: AbortSignal;
}

/** Every key that the rule would not give again, into the archive; then all of them once more, compared with it. */
export async function archiveDiffering(
  db: Db,
  work: Unstamping,
): Promise<{ readonly differ: number; readonly kept: number }> {
  const all = differingFilter(work);
  for await (const docs of keyed(db, work, all)) await keepKeys(work.before, (await told(db, work, docs)).differ);
  let [differ, kept] = [0, 0];
  for await (const docs of keyed(db, work, all)) {
    const found = (await told(db, work, docs)).differ;
    differ += found.length;
    kept += await countKept(work.before, found);
  }
  return { differ, kept };
}

/** One window: the field goes, or holds again what it held before the run. Answers how many documents changed. */
export async function takeBack(db: Db, work: Unstamping, range: Filter<Document>): Promise<number> {
  let changed = 0;
  for await (const docs of keyed(db, work, { ...range, ...validKey(work.column) })) {
    const { differ, restore, unset } = await told(db, work, docs);
    await keepKeys(work.before, differ);
    const collection = db.collection<Document>(work.table);
    for (const [key, ids] of byKey(unset))
      for (const among of amongIds(ids))
        changed += (await collection.updateMany({ ...among, [work.column]: key }, { $unset: { [work.column]: 1 } }))
          .matchedCount;
    for (const { id, key, old } of restore)
      changed += (
        await collection.updateOne({ _id: { $eq: id }, [work.column]: key } as Filter<Document>, {
          $set: { [work.column]: old },
        })
      ).matchedCount;
  }
  return changed;
}

/** What came behind the windows, until nothing is found but what had its key before. */
export async function takeBackRest(
  db: Db,
  work: Unstamping,
): Promise<{ readonly changed: number; readonly strange: number }> {
  let changed = 0;
  for (let pass = 1; ; pass++) {
    const strange: KeyOf[] = [];
    for await (const docs of keyed(db, work, validKey(work.column))) {
      const { restore, unset } = await told(db, work, docs);
      strange.push(...restore, ...unset);
    }
    if (strange.length === 0 || pass > PASSES) return { changed, strange: strange.length };
    for (const among of amongIds(strange.map(({ id }) => id))) changed += await takeBack(db, work, among);
  }
}

interface Told {
  readonly differ: readonly KeyOf[];
  readonly unset: readonly KeyOf[];
  readonly restore: readonly (KeyOf & { readonly old: unknown })[];
}

/**
 * What becomes of each of these documents. One that had a key before the run stays as it is, unless the key that it has
 * now is the rule's: then this run may have given it, and the one of before comes back.
 */
async function told(db: Db, work: Unstamping, docs: readonly Document[]): Promise<Told> {
  const ids = docs.map((doc) => doc['_id'] as unknown);
  const rows = work.remembered ? await recalled(work.before, ids) : [];
  const before = new Map(rows.map(({ id, old }) => [idText(id), { old }]));
  const tenants = await work.rule.tenantsOf(db, docs);
  const [differ, unset, restore]: [KeyOf[], KeyOf[], (KeyOf & { old: unknown })[]] = [[], [], []];
  for (const [i, doc] of docs.entries()) {
    const one = { id: ids[i], key: String(doc[work.column]) };
    const held = before.size > 0 ? before.get(idText(one.id)) : undefined;
    if (held && isKey(held.old) && held.old === one.key) continue;
    const foreign = one.key !== tenants[i];
    if (foreign) differ.push(one);
    // Not the rule's and not that of before: somebody gave the document to another tenant, and this run did not.
    if (foreign && held && isKey(held.old)) continue;
    if (held) restore.push({ ...one, old: held.old });
    else unset.push(one);
  }
  return { differ, unset, restore };
}

/** A constant rule's own documents need not be read to be known. */
function differingFilter({ rule, column }: Unstamping): Filter<Document> {
  if (rule.only === undefined) return validKey(column);
  return { $and: [validKey(column), { [column]: { $ne: rule.only } }] };
}

async function* keyed(
  db: Db,
  { table, column, rule, signal }: Unstamping,
  filter: Filter<Document>,
): AsyncGenerator<readonly Document[]> {
  const projection = { _id: 1, [column]: 1, ...Object.fromEntries(rule.reads.map((field) => [field, 1])) };
  const cursor = db.collection<Document>(table).find(filter, { ...EXACT, projection, batchSize: BATCH });
  try {
    let batch: Document[] = [];
    for await (const doc of cursor) {
      signal.throwIfAborted();
      batch.push(doc);
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  } finally {
    await cursor.close().catch(() => undefined);
  }
}

function byKey(docs: readonly KeyOf[]): ReadonlyMap<string, readonly unknown[]> {
  const groups = new Map<string, unknown[]>();
  for (const { id, key } of docs) {
    const group = groups.get(key);
    if (group) group.push(id);
    else groups.set(key, [id]);
  }
  return groups;
}

const BATCH = 1_000;
const PASSES = 5;
