import type { PgContext } from '../context';
import { ident, literal, qualified } from '../identifiers';
import { keyText, type Keyset } from '../keyset';
import type { TenantOrRule } from '../statements/key';
import { followsSql, ruleText } from '../statements/rule';
import { walk, within } from '../windows';

/** The rows whose key the rule gives again: they are not archived one by one, this stands for them. */
export type Followers = {
  /** Or the rule, in words. */
  readonly tenant: string;
  readonly rows: number;
  /** XOR over the rows of a 64-bit hash of primary key and key. */
  readonly digest: string;
};

/** Counts them in windows, and keeps the answer (write-once: rows written after the swap have no key and do not count). */
export async function followers(context: PgContext<'key'>, keyset: Keyset, tenant: TenantOrRule): Promise<Followers> {
  const { args } = context;
  const follows =
    typeof tenant === 'string' ? `t.${ident(args.column)} = ${literal(tenant)}::${args.type}` : followsSql(tenant);
  return context.capture('rule', async () => {
    let rows = 0;
    let digest = 0n;
    await walk(context, { keyset, size: WINDOW, doing: `counting ${args.table}` }, async (tx, window) => {
      const range = within(keyset, window, 't', 1);
      const found = await tx.query<{ rows: string; digest: string }>(
        `SELECT count(*) AS rows, coalesce(bit_xor(hash_array_extended(${keyText(keyset, 't')} || t.${ident(args.column)}::text, 0)), 0) AS digest
           FROM ${qualified(args.table)} t WHERE ${range.sql} AND ${follows}`,
        range.values,
      );
      rows += Number(found[0]?.rows);
      digest = BigInt.asIntN(64, digest ^ BigInt(found[0]?.digest ?? 0));
    });
    return { tenant: typeof tenant === 'string' ? tenant : ruleText(tenant.rule), rows, digest: String(digest) };
  });
}

const WINDOW = 50_000;
