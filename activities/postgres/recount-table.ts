import { expectEqual, type Check } from '../../src/core/evidence';
import { ARCHIVE, columnValue } from './archive';
import type { PgSession } from './context';
import { ident, qualified } from './identifiers';
import { keyJson, primaryKey } from './keyset';
import { readOnly, SCAN_TIMEOUT_MS } from './read-only';
import { recountSql } from './statements/stamp';
import { stableText } from './windows';

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

/** What a redo put back beside the rule: rows per table and tenant, from the archive of which run. */
export type Redone = {
  readonly run: string;
  readonly tables: Readonly<Record<string, Readonly<Record<string, number>>>>;
};

/**
 * What the constant rule says about every row: the one tenant's key, nobody else's, never none. Where a redo has put
 * other keys back, no tenant has more rows than it put back; fewer, when the application deleted some since.
 */
export function constantChecks(table: string, count: Recount, tenant: string, redone?: Redone): readonly Check[] {
  const others = [...count.perTenant].filter(([id]) => id !== tenant);
  const putBack = redone?.tables[table] ?? {};
  const beyond = others.reduce((sum, [id, rows]) => sum + Math.max(0, rows - (putBack[id] ?? 0)), 0);
  const said = redone ? 'the rule and the archive say' : 'the rule says';
  return [
    expectEqual(`${table}: rows without key`, 0, count.withoutKey),
    expectEqual(`${table}: rows of other tenants than ${said}`, 0, beyond),
  ];
}

/** Rows of other tenants that are not, by primary key and key, in the archive from which a redo put keys back. Only as owner. */
export async function strangers(
  session: PgSession,
  args: { readonly table: string; readonly column: string; readonly tenant: string },
  run: string,
): Promise<number> {
  const keyset = await primaryKey(session, args.table);
  return readOnly(session, { timeoutMs: SCAN_TIMEOUT_MS }, async () => {
    await stableText(session);
    const [row] = await session.query<{ n: string }>(
      `SELECT count(*) AS n FROM ${qualified(args.table)} t WHERE t.${ident(args.column)}::text <> $3 AND NOT EXISTS (
         SELECT FROM ${ARCHIVE} a WHERE a.run_id = $1 AND a.table_name = $2 AND a.pk = ${keyJson(keyset, 't')} AND a.value = ${columnValue(args.column)})`,
      [run, args.table, args.tenant],
    );
    return Number(row?.n ?? 0);
  });
}
