import type { Db, Document } from 'mongodb';
import type { Prediction } from '../../rule';
import { amongIds, EXACT } from '../ids';
import { isKey, missingKey, validKey } from '../missing';
import type { MongoRule, RuleOf } from './driver';
import { keyChecks } from './key-checks';
import { isScalar, Lookup, valueText, type LookupIn } from './lookup';

/**
 * The tenant follows from one field of the document, by way of another collection. The documents of a window are read,
 * grouped by tenant, and written with the field as a guard: whose owner changed meanwhile is left to the next sweep.
 * `$lookup` and `$merge` would do it in one statement, and when measured gave wrong values; a client's groups did not.
 */
export function lookedUpRule(of: RuleOf, by: string, where: LookupIn, otherwise?: string): MongoRule {
  const { table, column } = of;
  const lookup = new Lookup(where);
  const tenantsOf = async (db: Db, docs: readonly Document[]): Promise<readonly (string | undefined)[]> => {
    const values = docs.map((doc) => doc[by] as unknown);
    const found = await lookup.tenants(db, values);
    return values.map((value) => (isScalar(value) ? found.get(valueText(value)) : undefined) ?? otherwise);
  };
  return {
    reads: [by],
    tenantsOf,
    async predict(db) {
      lookup.forget();
      const groups = db
        .collection(table)
        .aggregate<Document>([{ $match: missingKey(column) }, { $group: { _id: `$${by}`, rows: { $sum: 1 } } }], {
          ...EXACT,
          allowDiskUse: true,
        });
      const byTenant = new Map<string, number>();
      let [rows, count] = [0, 0];
      const samples: string[] = [];
      for await (const batch of batches(groups, 1_000)) {
        const tenants = await tenantsOf(
          db,
          batch.map((group) => ({ [by]: group['_id'] as unknown })),
        );
        for (const [i, group] of batch.entries()) {
          const size = Number(group['rows']);
          const tenant = tenants[i];
          rows += size;
          if (tenant !== undefined) byTenant.set(tenant, (byTenant.get(tenant) ?? 0) + size);
          else {
            count += size;
            if (samples.length < SAMPLES) samples.push(valueText(group['_id'] as unknown));
          }
        }
      }
      return { rows, byTenant, unmapped: { count, samples } } satisfies Prediction;
    },
    async apply(db, { within, still }) {
      const collection = db.collection<Document>(table);
      const docs = await collection
        .find({ ...within, ...still }, { ...EXACT, projection: { _id: 1, [by]: 1 } })
        .toArray();
      let stamped = 0;
      for (const [tenant, group] of groupByTenant(docs, await tenantsOf(db, docs))) {
        const guard = unchanged(by, group);
        for (const ids of amongIds(group.map(({ _id }) => _id as unknown))) {
          const result = await collection.updateMany(
            { ...ids, ...still, ...guard },
            { $set: { [column]: tenant } },
            of.bypassValidation === true ? { bypassDocumentValidation: true } : {},
          );
          stamped += result.matchedCount;
        }
      }
      return stamped;
    },
    async prove(db) {
      lookup.forget();
      const groups = db
        .collection(table)
        .aggregate<Document>(
          [{ $match: validKey(column) }, { $group: { _id: { by: `$${by}`, key: `$${column}` }, rows: { $sum: 1 } } }],
          { ...EXACT, allowDiskUse: true },
        );
      let differ = 0;
      for await (const batch of batches(groups, 1_000)) {
        const pairs = batch.map((group) => group['_id'] as { readonly by?: unknown; readonly key: unknown });
        const tenants = await tenantsOf(
          db,
          pairs.map((pair) => ({ [by]: pair.by })),
        );
        for (const [i, group] of batch.entries())
          if (!isKey(pairs[i]?.key) || pairs[i].key !== tenants[i]) differ += Number(group['rows']);
      }
      return keyChecks(db, of, differ);
    },
  };
}

function groupByTenant(
  docs: readonly Document[],
  tenants: readonly (string | undefined)[],
): ReadonlyMap<string, readonly Document[]> {
  const groups = new Map<string, Document[]>();
  for (const [i, doc] of docs.entries()) {
    const tenant = tenants[i];
    if (tenant === undefined) continue;
    const group = groups.get(tenant);
    if (group) group.push(doc);
    else groups.set(tenant, [doc]);
  }
  return groups;
}

/** The values that led to the tenant; where `otherwise` gave it, the group may hold what no list can name. */
function unchanged(by: string, group: readonly Document[]): Document {
  const values = group.map((doc) => doc[by] as unknown);
  if (!values.every((v) => v === null || v === undefined || isScalar(v))) return {};
  return { [by]: { $in: [...new Map(values.map((v) => [valueText(v ?? null), v ?? null])).values()] } };
}

async function* batches<T>(source: AsyncIterable<T>, size: number): AsyncGenerator<readonly T[]> {
  let batch: T[] = [];
  for await (const item of source) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

const SAMPLES = 5;
