import { done, evidenceOf, expectEqual, type Check } from '../../../src/core/evidence';
import { CutoverError } from '../../../src/core/failure';
import { isLookedUp, type Actor } from '../../../src/core/tenancy-args';
import type { PgContext, PgSession, PgStepHandler } from '../context';
import { findRecord } from '../joined';
import { sqlState } from '../pg-error';
import { readOnly, SCAN_TIMEOUT_MS } from '../read-only';
import { constantChecks, recountTable, strangers, type Recount, type Redone } from '../recount-table';
import { driverOf } from '../rules/driver-of';
import { sweep } from '../rules/sweep';
import { registrySql } from '../statements/recount';
import { joinWindowSql, withoutMembershipSql } from '../statements/members';

type Context = PgContext<'recount'>;

interface Counted {
  readonly rows: ReadonlyMap<string, number>;
  readonly checks: readonly Check[];
}

/** Counts everything again from the rule, with the eyes of everyone who must see the same. */
export const recountStep: PgStepHandler<'recount'> = {
  do: async (context) => {
    const arrived = await sweepAgain(context);
    const counted = new Map<Actor, Counted>();
    for (const actor of context.args.as)
      counted.set(actor, await asking(actor, () => context.read((s) => count(s, context, actor), actor)));
    const checks = [...counted].flatMap(([actor, { checks: own }]) =>
      own.map((c) => ({ ...c, name: `${c.name} (as ${actor})` })),
    );
    const all = [...checks, ...seenByBoth(counted)];
    const owner = [...counted.values()][0];
    const rows = [...(owner?.rows.values() ?? [])].reduce((sum, n) => sum + n, 0);
    const summary = `${rows} rows of ${context.args.tables.length} tables recounted as ${context.args.as.join(' and as ')}`;
    return context.commit(async () =>
      evidenceOf(summary, all, { rows, ...arrived, ...Object.fromEntries(owner?.rows ?? []) }),
    );
  },
  undo: async (context) => context.commit(async () => done('Counting changed nothing')),
};

/**
 * Of tables with a rule: rows that the application wrote before the rule could tell. Referred tables come first, so that
 * what leads to them leads somewhere; users among those rows get their membership, which no trigger gave them.
 */
async function sweepAgain(context: Context): Promise<{ readonly arrivedSince?: number }> {
  const { tables, members } = context.args;
  const ruled = tables.flatMap((t) => (isLookedUp(t.rule) ? [{ ...t, rule: t.rule }] : []));
  if (ruled.length === 0) return {};
  let arrivedSince = 0;
  for (const t of ruled) {
    const stamped = await sweep(context, t);
    arrivedSince += stamped;
    if (stamped === 0 || t.table !== members?.from.table) continue;
    const record = await context.read((session) => findRecord(session, members));
    await context.transaction((tx) => tx.execute(joinWindowSql(members, 'true', record)));
  }
  return { arrivedSince };
}

async function count(session: PgSession, context: Context, actor: Actor): Promise<Counted> {
  const { args } = context;
  const registry = new Set((await session.query<{ id: string }>(registrySql(args.registry))).map((r) => r.id));
  const redone = args.redone && (await context.captured<Redone>(args.redone));
  const rows = new Map<string, number>();
  const checks: Check[] = [];
  for (const [i, t] of args.tables.entries()) {
    context.signal.throwIfAborted();
    context.progress({ doing: `counting ${t.table} as ${actor}`, done: i, total: args.tables.length, unit: 'tables' });
    const found = await recountTable(session, t);
    const unknown = [...found.perTenant.keys()].filter((tenant) => !registry.has(tenant));
    rows.set(t.table, found.rows);
    if (isLookedUp(t.rule)) checks.push(...(await ruleChecks(session, context, t, { found, actor })));
    else {
      const tenant = await context.captured<string>(t.rule.tenant);
      checks.push(...constantChecks(t.table, found, tenant, redone));
      if (actor === 'owner' && redone?.run) {
        const strange = await strangers(session, { ...t, tenant }, redone.run);
        checks.push(expectEqual(`${t.table}: rows of other tenants that are not in the archive`, 0, strange));
      }
    }
    checks.push(expectEqual(`${t.table}: keys that the registry does not have`, 0, unknown.length));
  }
  return { rows, checks: [...checks, ...(await membership(session, context))] };
}

/** The application need not be able to read what the rule looks up: it counts, the tool computes. */
async function ruleChecks(
  session: PgSession,
  context: Context,
  t: Context['args']['tables'][number],
  { found, actor }: { readonly found: Recount; readonly actor: Actor },
): Promise<readonly Check[]> {
  if (actor === 'app') return [expectEqual(`${t.table}: rows without key`, 0, found.withoutKey)];
  return (await driverOf(context, t.rule, t)).prove(session);
}

async function membership(session: PgSession, { args }: Context): Promise<readonly Check[]> {
  const { members } = args;
  if (!members) return [];
  return readOnly(session, { timeoutMs: SCAN_TIMEOUT_MS }, async () => {
    const rows = await session.query<{ missing: string }>(withoutMembershipSql(members));
    return [expectEqual('users without membership', 0, Number(rows[0]?.missing))];
  });
}

/** Counts move between two questions; but where the owner sees rows, the application must see some. */
function seenByBoth(counted: ReadonlyMap<Actor, Counted>): readonly Check[] {
  const [owner, app] = [counted.get('owner'), counted.get('app')];
  if (!owner || !app) return [];
  return [...owner.rows]
    .filter(([, rows]) => rows > 0)
    .map(([table, rows]) => ({
      name: `${table}: rows that the application sees`,
      verdict: (app.rows.get(table) ?? 0) > 0 ? ('pass' as const) : ('fail' as const),
      expected: `about ${rows}`,
      observed: String(app.rows.get(table) ?? 0),
    }));
}

/** A missing privilege is no verdict about the data. */
async function asking<T>(actor: Actor, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (sqlState(error) !== '42501' || !(error instanceof Error)) throw error;
    const hint =
      actor === 'app'
        ? 'GRANT SELECT on it to the role of `probeAs`'
        : 'make the role of the target a member of the owner of the tables';
    throw new CutoverError(
      'Refused',
      `Asked as ${actor}, the database answers "${error.message}"; ${hint}, then \`cutover retry\`.`,
      { cause: error },
    );
  }
}
