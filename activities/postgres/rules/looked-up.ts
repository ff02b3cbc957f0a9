import { expectEqual, type Check } from '../../../src/core/evidence';
import { lookupOf } from '../../../src/core/tenancy-args';
import type { PgSession } from '../context';
import { refused } from '../pg-error';
import { readOnly, SCAN_TIMEOUT_MS } from '../read-only';
import { predictSql, proveSql, SAMPLES, stampByRuleSql, unmappedSql, type Ruled } from '../statements/rule';
import type { PgRule } from './driver';

/**
 * The tenant follows from one column of the row, by way of another table. One statement stamps a window: a row that an
 * application changes at the same time is looked at again once it has committed, by the server.
 */
export function lookedUpRule(args: Ruled): PgRule {
  let rows = 0;
  return {
    predict: (session) =>
      readOnly(session, { timeoutMs: SCAN_TIMEOUT_MS }, async () => {
        const byTenant = new Map<string, number>();
        let [sum, count] = [0, 0];
        for (const { tenant, rows: n } of await session.query<{ tenant: string | null; rows: string }>(
          predictSql(args),
        )) {
          sum += Number(n);
          if (tenant === null) count = Number(n);
          else byTenant.set(tenant, Number(n));
        }
        const samples = count > 0 ? await unmapped(session, args) : [];
        return { rows: sum, byTenant, unmapped: { count, samples } };
      }),
    apply: (session, { sql, values }) => session.execute(stampByRuleSql(args, sql), values),
    async prove(session) {
      const found = await readOnly(session, { timeoutMs: SCAN_TIMEOUT_MS }, () => session.query<Proof>(proveSql(args)));
      rows = Number(found[0]?.rows ?? 0);
      return found.flatMap((proof) => proofChecks(args, proof));
    },
    rows: () => rows,
  };
}

interface Proof {
  readonly rows: string;
  readonly missing: string;
  readonly differ: string;
  readonly missingOf: readonly string[] | null;
  readonly differOf: readonly string[] | null;
}

/** @throws Refused when one value leads to two tenants, or to one that the registry does not have: that is no gap but a mistake. */
async function unmapped(session: PgSession, args: Ruled): Promise<readonly string[]> {
  const found = await session.query<{ value: string | null; leads: readonly string[] }>(unmappedSql(args));
  const [worst] = found;
  if (worst?.leads.length) throw mistaken(args, worst.value ?? 'null', worst.leads);
  return found.map(({ value }) => value ?? 'null');
}

function mistaken({ table, rule }: Ruled, value: string, leads: readonly string[]): Error {
  const tenants = leads.map((t) => JSON.stringify(t)).join(' and ');
  const where = lookupOf(rule);
  if (leads.length > 1)
    return refused(
      `${where.table} gives ${where.from} ${JSON.stringify(value)} ${leads.length} values of ${where.to}: ${tenants}. A row of ${table} has one tenant; take the others out, then \`cutover retry\`.`,
    );
  return refused(
    `${where.table} gives ${where.from} ${JSON.stringify(value)} the ${where.to} ${tenants}, which ${rule.registry?.table ?? 'the registry'} does not have. Add that tenant or correct the value, then \`cutover retry\`.`,
  );
}

function proofChecks({ table, rule }: Ruled, { missing, missingOf, differ, differOf }: Proof): readonly Check[] {
  const zero = (name: string, rows: string, of: readonly string[] | null): Check => {
    const check = expectEqual(`${table}: ${name}`, 0, Number(rows));
    if (!of?.length) return check;
    const values = of.map((v) => JSON.stringify(v)).join(', ');
    return { ...check, observed: `${rows}, of ${rule.by} ${values}${of.length < SAMPLES ? '' : ', …'}` };
  };
  return [
    zero('rows without key', missing, missingOf),
    zero('rows of other tenants than the rule says', differ, differOf),
  ];
}
