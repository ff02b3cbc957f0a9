import type { Db } from 'mongodb';
import { done, evidenceOf, expectEqual, type Check } from '../../../src/core/evidence';
import { CutoverError } from '../../../src/core/failure';
import type { Actor } from '../../../src/core/tenancy-args';
import type { MongoContext, MongoStepHandler } from '../context';
import { codeOf } from '../duplicate-key';
import { rememberInserted } from '../inserted';
import { behindChecks, leftBehind, type LeftBehind } from '../left-behind';
import { joinLateUsers } from '../members';
import { hadBefore } from '../predict';
import { recountTable } from '../recount-table';
import { driverOf, tenantsFor } from '../rules/driver-of';

type Context = MongoContext<'recount'>;

interface Counted {
  readonly rows: ReadonlyMap<string, number>;
  readonly checks: readonly Check[];
}

/** Counts everything again from the rule, with the eyes of everyone who must see the same. */
export const recountStep: MongoStepHandler<'recount'> = {
  do: async (context) => {
    const names = await context.read(
      async (db) => new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map((c) => c.name)),
    );
    const absent = context.args.tables.filter(({ table }) => !names.has(table)).map(({ table }) => table);
    const counted = new Map<Actor, Counted>();
    for (const actor of context.args.as)
      counted.set(actor, await asking(actor, () => context.read((db) => count(db, context, actor), actor)));
    const checks = [...counted].flatMap(([actor, { checks: own }]) =>
      own.map((c) => ({ ...c, name: `${c.name} (as ${actor})` })),
    );
    const owner = [...counted.values()][0];
    const rows = [...(owner?.rows.values() ?? [])].reduce((sum, n) => sum + n, 0);
    const missing = absent.length > 0 ? `; not there, so 0 documents: ${absent.join(', ')}` : '';
    const rule = context.args.as.includes('owner') ? await context.read((db) => byRule(db, context)) : [];
    const behind = await context.outside((db) => sweepAgain(db, context));
    const joined = await context.outside((db) => joinAgain(db, context));
    const arrived = [...behind.values()].reduce((sum, b) => sum + b.arrived, 0);
    return context.commit(async () =>
      evidenceOf(
        `${rows} documents of ${context.args.tables.length} collections recounted as ${context.args.as.join(' and as ')}${missing}`,
        [...checks, ...rule, ...behindChecks(behind), ...joined, ...seenByBoth(counted)],
        {
          rows,
          arrivedSince: arrived,
          ...Object.fromEntries(owner?.rows ?? []),
          ...(absent.length > 0 ? { absent: absent.join(', ') } : {}),
        },
      ),
    );
  },
  undo: async (context) => context.commit(async () => done('Counting changed nothing')),
};

async function count(db: Db, context: Context, actor: Actor): Promise<Counted> {
  const { args } = context;
  const rows = new Map<string, number>();
  const perTenant: (readonly [table: string, rows: ReadonlyMap<string, number>])[] = [];
  for (const [i, t] of args.tables.entries()) {
    context.signal.throwIfAborted();
    context.progress({
      doing: `counting ${t.table} as ${actor}`,
      done: i,
      total: args.tables.length,
      unit: 'collections',
    });
    const found = await recountTable(db, t);
    rows.set(t.table, found.rows);
    perTenant.push([t.table, found.perTenant]);
  }
  // After the documents: a tenant that comes meanwhile is in the registry before the first of its own.
  const registry = new Set((await db.collection(args.registry.table).distinct(args.registry.id)).map(String));
  const checks = perTenant.map(([table, found]) =>
    strangers(
      table,
      args.registry.table,
      [...found].filter(([tenant]) => !registry.has(tenant)),
    ),
  );
  return { rows, checks };
}

function strangers(table: string, registry: string, strange: readonly (readonly [string, number])[]): Check {
  const check = expectEqual(`${table}: keys that the registry does not have`, 0, strange.length);
  if (strange.length === 0) return check;
  const named = strange.slice(0, NAMED).map(([tenant, rows]) => `${JSON.stringify(tenant)} (documents: ${rows})`);
  const more = strange.length > NAMED ? ', …' : '';
  return { ...check, observed: `${strange.length}: ${named.join(', ')}${more}; add to ${registry}, or correct them` };
}

/** The tenant of every document computed again, by tenant and collection. */
async function byRule(db: Db, context: Context): Promise<readonly Check[]> {
  const { args, run, lane } = context;
  const rules = args.tables.map(({ rule }) => rule);
  const tenants = await tenantsFor(context, rules);
  const checks: Check[] = [];
  for (const { table, column, rule } of args.tables) {
    context.signal.throwIfAborted();
    context.progress({ doing: `computing the rule of ${table} again` });
    const had = await hadBefore(lane, run.id, table);
    // Without a valid key: counted above already.
    checks.push(...(await driverOf(rule, { table, column, had }, tenants).prove(db)).slice(1));
  }
  return checks;
}

async function sweepAgain(db: Db, context: Context): Promise<ReadonlyMap<string, LeftBehind>> {
  const { args, run, lane, signal } = context;
  const tenants = await tenantsFor(
    context,
    args.tables.map(({ rule }) => rule),
  );
  return leftBehind({
    ...{ db, tables: args.tables, tenants, signal, remember: { lane, run: run.id } },
    held: () => context.checkToken(),
  });
}

async function joinAgain(db: Db, context: Context): Promise<readonly Check[]> {
  const { args, lane, run, signal } = context;
  const { members } = args;
  if (!members) return [];
  const tenant = members.otherwise && (await context.captured<string>(members.otherwise));
  const remember = rememberInserted(lane, run.id, members.table);
  const held = (): Promise<void> => context.checkToken();
  const { arrived, left } = await joinLateUsers({ db, args: members, tenant, signal, remember, held });
  const observed = arrived === 0 ? '0' : `${left} of ${arrived} who came since`;
  return [
    { name: 'users whom no membership can be given', verdict: left === 0 ? 'pass' : 'fail', expected: '0', observed },
  ];
}

/** Counts move between two questions; but where the owner sees documents, the application must see some. */
function seenByBoth(counted: ReadonlyMap<Actor, Counted>): readonly Check[] {
  const [owner, app] = [counted.get('owner'), counted.get('app')];
  if (!owner || !app) return [];
  return [...owner.rows]
    .filter(([, rows]) => rows > 0)
    .map(([table, rows]) => ({
      name: `${table}: documents that the application sees`,
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
    if (codeOf(error) !== UNAUTHORIZED || !(error instanceof Error)) throw error;
    const whose = actor === 'app' ? 'the user of `probeAs`' : 'the user of the target';
    throw new CutoverError(
      'Refused',
      `Asked as ${actor}, the database answers "${error.message}"; give ${whose} the right to read, then \`cutover retry\`.`,
      { cause: error },
    );
  }
}

const NAMED = 5;
const UNAUTHORIZED = 13;
