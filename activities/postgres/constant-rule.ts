import { NOTHING_UNMAPPED, type RuleDriver } from '../rule';
import type { PgSession } from './context';
import { constantChecks, recountTable, type Recount } from './recount-table';
import { stampWindowSql } from './statements/stamp';

/** The condition that a row `t` is in the window, and the values of its parameters from $1 on. */
export interface SqlWindow {
  readonly sql: string;
  readonly values: readonly string[];
  /** Type of the key's column. */
  readonly type: string;
}

export interface PgRule extends RuleDriver<PgSession, SqlWindow> {
  /** Rows of the table when it was counted last. */
  rows(): number;
}

/**
 * Every row gets the same tenant. The other rules of the common interface (mapping, walk) are refused on PostgreSQL by
 * `constantTenant` of queue-freeze.ts: there the key's own trigger stamps, and it knows one tenant.
 */
export function constantRule(args: { readonly table: string; readonly column: string }, tenant: string): PgRule {
  // One scan serves prediction and proof where nothing was stamped in between.
  let count: Recount | undefined;
  const counted = async (session: PgSession): Promise<Recount> => (count ??= await recountTable(session, args));
  return {
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
