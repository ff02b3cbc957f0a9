import { NOTHING_UNMAPPED } from '../../rule';
import type { PgSession } from '../context';
import { constantChecks, recountTable, type Recount } from '../recount-table';
import { stampWindowSql } from '../statements/stamp';
import type { PgRule, RuleOf } from './driver';

/** Every row gets the same tenant: adding the column has stamped those that were there, its trigger stamps the others. */
export function constantRule(args: RuleOf, tenant: string): PgRule {
  // One scan serves prediction and proof where nothing was stamped in between.
  let count: Recount | undefined;
  const counted = async (session: PgSession): Promise<Recount> => (count ??= await recountTable(session, args));
  return {
    only: tenant,
    async predict(session) {
      const { withoutKey } = await counted(session);
      return {
        rows: withoutKey,
        byTenant: new Map(withoutKey > 0 ? [[tenant, withoutKey]] : []),
        unmapped: NOTHING_UNMAPPED,
      };
    },
    async apply(session, { sql, values, type }) {
      count = undefined;
      return session.execute(stampWindowSql(args, tenant, sql, type), values);
    },
    prove: async (session) => constantChecks(args.table, await counted(session), tenant),
    rows: () => count?.rows ?? 0,
  };
}
