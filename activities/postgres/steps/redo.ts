import { combine, done, evidenceOf, expectEqual, type Check } from '../../../src/core/evidence';
import { keptArchives, walkArchive } from '../archives';
import type { PgContext, PgSession, PgStepHandler } from '../context';
import { removeJoined } from '../joined';
import { primaryKey } from '../keyset';
import { refused } from '../pg-error';
import { readOnly, SCAN_TIMEOUT_MS } from '../read-only';
import type { Redone } from '../recount-table';
import { putMembers, putTenants } from '../redo-rows';
import { countKeysSql, countRowsSql, putKeysSql, userGone } from '../statements/redo';
import { stableText } from '../windows';

type Context = PgContext<'redo'>;

/** Whose archive; null = there is none. */
type Source = { readonly run: string | null };

/**
 * What the rollback of an earlier run kept is put back: tenants and memberships as whole rows, and the keys of rows that
 * still exist and still have the rule's key. Before the memberships of this run are made, or a user whose key comes back
 * would have become a member of the default tenant as well. Captures `redone` when all is as it should be: the recount expects it beside the rule.
 */
export const redoStep: PgStepHandler<'redo'> = {
  do: async (context) => {
    const { args } = context;
    const { run } = await context.capture<Source>('source', async () => choose(context));
    if (run === null) {
      await context.capture<Redone>('redone', async () => ({ run: '', tables: {} }));
      return context.commit(async () => done(`No run of ${context.run.plan} left an archive: nothing to put back`));
    }
    const tenant = await context.captured<string>(args.tenant);
    const choice = await context.captured<{ readonly from: string }>({ step: args.tenant.step, name: 'choice' });
    await putTenants(context, run, choice.from === 'existing' ? undefined : tenant);
    await putMembers(context, run);
    for (const keyed of args.tables) await putKeys(context, run, { keyed, tenant });
    const found = await context.read((session) =>
      readOnly(session, { timeoutMs: SCAN_TIMEOUT_MS }, () => count(session, context, run)),
    );
    // Written once: what did not pass is counted again by the next round, and the recount must not expect the old numbers.
    if (combine(found.checks) === 'pass')
      await context.capture<Redone>('redone', async () => ({ run, tables: found.perTenant }));
    const { restored, gone, differing } = found.figures;
    const summary = `Archive of run ${run}: ${restored} put back, ${gone} gone since, ${differing} differ from it and stay`;
    return context.commit(async () =>
      evidenceOf(summary, found.checks, { source: run, ...found.figures, ...found.lists }),
    );
  },
  undo: async (context) => {
    const { members } = context.args;
    const removed = members ? await removeJoined(context, members) : { removed: 0 };
    return context.commit(async () =>
      done(
        'What was put back goes with the keys and tables of this run: rows that differ from the rule are archived again',
        {
          removed: removed.removed,
        },
      ),
    );
  },
};

async function choose(context: Context): Promise<Source> {
  const from = context.args.archive;
  const kept = await context.read((session) => keptArchives(session, context.run));
  if (from === 'latest') return { run: kept[0]?.run ?? null };
  if (kept.some((k) => k.run === from)) return { run: from };
  const others = kept.map((k) => k.run).join(', ') || 'none';
  throw refused(`There is no archive of run ${from} here (there are: ${others}); correct tenancy.redo in the plan.`);
}

async function putKeys(
  context: Context,
  run: string,
  { keyed, tenant }: { readonly keyed: Context['args']['tables'][number]; readonly tenant: string },
): Promise<void> {
  const keyset = await context.read((session) => primaryKey(session, keyed.table));
  const sql = putKeysSql({ keyed, tenant, keyset, registry: context.args.registry });
  await walkArchive(context, { run, table: keyed.table }, async (tx, values) => void (await tx.execute(sql, values)));
}

interface Counts {
  readonly restored: string;
  readonly gone: string;
  readonly differing: string;
  readonly goneKeys: readonly string[] | null;
}

interface Found {
  readonly checks: readonly Check[];
  readonly figures: { readonly restored: number; readonly gone: number; readonly differing: number };
  /** The first of those that are gone, by table. */
  readonly lists: Readonly<Record<string, string>>;
  readonly perTenant: Redone['tables'];
}

/** What became of every row of the archive, in one snapshot. */
async function count(session: PgSession, context: Context, run: string): Promise<Found> {
  const { registry, members, tables } = context.args;
  await stableText(session);
  const checks: Check[] = [];
  const all: (Counts & { readonly table: string })[] = [];
  const perTenant: Record<string, Record<string, number>> = {};
  const rowsOf = async (what: Parameters<typeof countRowsSql>[0], name: string): Promise<void> => {
    const [row] = await session.query<Counts & { missing: string }>(countRowsSql(what), [run, what.table]);
    if (!row) return;
    all.push({ ...row, table: what.table });
    checks.push(expectEqual(name, 0, Number(row.missing)));
  };
  await rowsOf({ table: registry.table, by: [registry.id] }, 'tenants of the archive that are missing');
  if (members) {
    const by = [members.user, members.tenant];
    await rowsOf({ table: members.table, by, gone: userGone(members) }, 'memberships of the archive that are missing');
  }
  for (const keyed of tables) {
    context.signal.throwIfAborted();
    const keyset = await primaryKey(session, keyed.table);
    const rows = await session.query<Counts & { tenant: string; tenantless: string }>(
      countKeysSql({ keyed, keyset, registry }),
      [run, keyed.table],
    );
    all.push(...rows.map((r) => ({ ...r, table: keyed.table })));
    perTenant[keyed.table] = Object.fromEntries(rows.map((r) => [r.tenant, Number(r.restored)]));
    const sum = (of: 'differing' | 'tenantless'): number => rows.reduce((n, r) => n + Number(r[of]), 0);
    checks.push(
      expectEqual(`${keyed.table}: archived keys of tenants that are missing`, 0, sum('tenantless')),
      expectEqual(`${keyed.table}: rows with another key than the archive's and the rule's`, 0, sum('differing')),
    );
  }
  const sum = (of: 'restored' | 'gone' | 'differing'): number => all.reduce((n, c) => n + Number(c[of]), 0);
  const lists = all.flatMap((c) =>
    c.goneKeys?.length ? [[`gone from ${c.table}`, c.goneKeys.join(', ')] as const] : [],
  );
  return {
    checks,
    figures: { restored: sum('restored'), gone: sum('gone'), differing: sum('differing') },
    lists: Object.fromEntries(lists),
    perTenant,
  };
}
