import { NOTHING_UNMAPPED } from '../../rule';
import { missingKey, validKey } from '../missing';
import type { MongoRule, RuleOf } from './driver';
import { keyChecks } from './key-checks';

/** Every document gets the same tenant. */
export function constantRule(of: RuleOf, tenant: string): MongoRule {
  const { table, column } = of;
  return {
    reads: [],
    only: tenant,
    tenantsOf: async (_db, docs) => docs.map(() => tenant),
    async predict(db) {
      const rows = await db.collection(table).countDocuments(missingKey(column));
      return { rows, byTenant: new Map(rows > 0 ? [[tenant, rows]] : []), unmapped: NOTHING_UNMAPPED };
    },
    async apply(db, { within, still }) {
      const result = await db
        .collection(table)
        .updateMany(
          { ...within, ...still },
          { $set: { [column]: tenant } },
          of.bypassValidation === true ? { bypassDocumentValidation: true } : {},
        );
      return result.matchedCount;
    },
    async prove(db) {
      const differ = await db
        .collection(table)
        .countDocuments({ $and: [validKey(column), { [column]: { $ne: tenant } }] });
      return keyChecks(db, of, differ);
    },
  };
}
