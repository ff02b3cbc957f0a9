import { done, evidenceOf, expectEqual, type Check } from '../../../src/core/evidence';
import { CutoverError } from '../../../src/core/failure';
import type { Actor } from '../../../src/core/tenancy-args';
import type { PgContext, PgSession, PgStepHandler } from '../context';
import { sqlState } from '../pg-error';
import { readOnly, SCAN_TIMEOUT_MS } from '../read-only';
import { constantChecks, recountTable, strangers, type Redone } from '../recount-table';
import { registrySql } from '../statements/recount';
import { withoutMembershipSql } from '../statements/members';
import { constantTenant } from '../queue-freeze';

type Context = PgContext<'recount'>;

interface Counted {
  readonly rows: ReadonlyMap<string, number>;
  readonly checks: readonly Check[];
}

/** Counts everything again from the rule, with the eyes of everyone who must see the same. */
export const recountStep: PgStepHandler<'recount'> = {
  do: async (context) => {
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
    return context.commit(async () => evidenceOf(summary, all, { rows, ...Object.fromEntries(owner?.rows ?? []) }));
  },
  undo: async (context) => context.commit(async () => done('Counting changed nothing')),
};

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
    const tenant = await context.captured<string>(constantTenant(t.rule));
    checks.push(...constantChecks(t.table, found, tenant, redone));
    if (actor === 'owner' && redone?.run) {
      const strange = await strangers(session, { ...t, tenant }, redone.run);
      checks.push(expectEqual(`${t.table}: rows of other tenants that are not in the archive`, 0, strange));
    }
    checks.push(expectEqual(`${t.table}: keys that the registry does not have`, 0, unknown.length));
  }
  return { rows, checks: [...checks, ...(await membership(session, context))] };
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
