import { expectEqual, type Check } from '../../src/core/evidence';
import type { PgSession } from './context';
import { readOnly, SCAN_TIMEOUT_MS } from './read-only';
import { recountSql } from './statements/stamp';

/** One table counted in one snapshot. */
export interface Recount {
  readonly rows: number;
  readonly withoutKey: number;
  readonly perTenant: ReadonlyMap<string, number>;
}

export async function recountTable(
  session: PgSession,
  args: { readonly table: string; readonly column: string },
): Promise<Recount> {
  return readOnly(session, { timeoutMs: SCAN_TIMEOUT_MS }, async () => {
    const found = await session.query<{ tenant: string | null; rows: string }>(recountSql(args));
    const perTenant = new Map(
      found.flatMap(({ tenant, rows }) => (tenant === null ? [] : [[tenant, Number(rows)] as const])),
    );
    const withoutKey = Number(found.find(({ tenant }) => tenant === null)?.rows ?? 0);
    const rows = found.reduce((sum, row) => sum + Number(row.rows), 0);
    return { rows, withoutKey, perTenant };
  });
}

/** What the constant rule says about every row: the one tenant's key, nobody else's, never none. */
export function constantChecks(table: string, count: Recount, tenant: string): readonly Check[] {
  const following = count.perTenant.get(tenant) ?? 0;
  return [
    expectEqual(`${table}: rows without key`, 0, count.withoutKey),
    expectEqual(`${table}: rows of other tenants than the rule says`, 0, count.rows - count.withoutKey - following),
  ];
}
