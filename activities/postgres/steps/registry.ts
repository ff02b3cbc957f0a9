import { done, evidenceOf, expectEqual, type Evidence } from '../../../src/core/evidence';
import { findColumn, findRelation } from '../catalog';
import type { PgContext, PgSession, PgStepHandler } from '../context';
import { ident, literal, qualified } from '../identifiers';
import { insertedKeys } from '../inserted';
import { isMadeBy } from '../marker';
import { asOwnerOf } from '../owner';
import { refused, refusing } from '../pg-error';
import { recall } from '../recall';
import { refuseReferred } from '../referred';
import { archivedTenantSql, deviationSql, findTenantSql, insertTenantSql, takeOutSql } from '../statements/registry';
import { stableText } from '../windows';

type Context = PgContext<'registry'>;

type Choice = { readonly id: string; readonly from: 'existing' | 'archive' | 'new'; readonly run?: string };

/**
 * The default tenant. Its id is chosen and captured before the row exists: a retry, and a later run after a rollback,
 * use the same one, so that keys kept in archives and logs go on meaning the same tenant.
 */
export const registryStep: PgStepHandler<'registry'> = {
  do: async (context) => {
    const choice = await context.capture<Choice>('choice', async () => choose(context));
    const tenant = await context.capture<string>('tenant', async () => choice.id);
    return context.commit(async (tx) => insert(tx, context, { ...choice, id: tenant }));
  },
  undo: async (context) => {
    const { table } = context.args;
    const there = await context.read((session) => findRelation(session, table));
    if (!there) return context.commit(async () => done(`${table} is gone`));
    if (isMadeBy(there.comment, context.run.id))
      return context.commit(async () =>
        done(`The default tenant's row goes with the table ${table}, into the archive`),
      );
    return takeOut(context);
  },
};

/** Out of a table that was there before: the rows that this run put into it, archived whole and deleted in one statement. */
async function takeOut(context: Context): Promise<Evidence> {
  const { args, run } = context;
  const choice = await recall<Choice>(context, 'choice');
  const own = choice && choice.from !== 'existing' ? [choice.id] : [];
  const put = [...own, ...(await context.read((session) => insertedKeys(session, run.id, args)))];
  const ours = `p.${ident(args.id)}::text = ANY ($1::text[])`;
  await refuseReferred(context, { table: args.table, ours, values: [put] });
  return context.commit(async (tx) => {
    await stableText(tx);
    const removed = await tx.execute(takeOutSql(args), [run.id, args.table, put]);
    const [left] = await tx.query<{ n: string }>(`SELECT count(*) AS n FROM ${qualified(args.table)} p WHERE ${ours}`, [
      put,
    ]);
    return evidenceOf(
      `${removed} rows of this run are out of ${args.table} and in the archive; the rows that were there stay`,
      [expectEqual('rows of this run', 0, Number(left?.n))],
      { removed },
    );
  });
}

async function choose(context: Context): Promise<Choice> {
  const { args } = context;
  const slug = identity(context);
  const existing = await context.read((s) => s.query<{ id: string }>(findTenantSql(args), [slug]));
  if (existing[0]) {
    await refuseDeviation(context);
    return { id: existing[0].id, from: 'existing' };
  }
  const archived = await context.read((s) =>
    s.query<{ id: string; run_id: string }>(archivedTenantSql(), [args.table, args.id, args.identify, slug]),
  );
  if (archived[0]) return { id: archived[0].id, from: 'archive', run: archived[0].run_id };
  return { id: await context.transaction((tx) => draw(tx, context)), from: 'new' };
}

/** A tenant that is there already under this name, but is described otherwise: perhaps it is another one. */
async function refuseDeviation(context: Context): Promise<void> {
  const { args } = context;
  const columns = Object.keys(args.values);
  const [row] = await context.read((s) =>
    s.query<Record<string, boolean>>(deviationSql(args), [identity(context), ...Object.values(args.values)]),
  );
  const other = columns.filter((_, i) => row?.[`c${i}`] !== true);
  if (other.length === 0) return;
  throw refused(
    `${args.table} has a row with ${args.identify} ${identity(context)} already, and ${other.length} of its ${columns.length} values that the plan names are others (${other.join(', ')}); correct the plan, or the row.`,
  );
}

function identity({ args }: Context): string {
  const value = args.values[args.identify];
  if (value !== undefined) return value;
  throw refused(
    `The default tenant is identified by ${args.identify}, but the plan gives it no value; add it to the registry's default.`,
  );
}

/** What the column's own default would give; drawn once, then captured. */
async function draw(tx: PgSession, { args }: Context): Promise<string> {
  const given = args.values[args.id];
  if (given !== undefined) return given;
  const column = await findColumn(tx, args.table, args.id);
  const generator = column?.default ?? (await identitySequence(tx, args));
  if (!generator) {
    throw refused(
      `${args.table}.${args.id} has no default to draw the tenant's id from; give the id in the plan, or the column a default.`,
    );
  }
  const rows = await asOwnerOf(tx, args.table, () => tx.query<{ id: string }>(`SELECT (${generator})::text AS id`));
  return rows[0]?.id ?? '';
}

async function identitySequence(tx: PgSession, args: Context['args']): Promise<string | undefined> {
  const rows = await tx.query<{ name: string | null }>('SELECT pg_get_serial_sequence($1, $2) AS name', [
    qualified(args.table),
    args.id,
  ]);
  return rows[0]?.name ? `nextval(${literal(rows[0].name)})` : undefined;
}

async function insert(tx: PgSession, context: Context, choice: Choice): Promise<Evidence> {
  const { args } = context;
  const { [args.id]: _id, ...values } = args.values;
  const row = { ...args, values };
  await refusing(['42P10'], `${args.table} has no unique constraint on ${args.identify}; add one to its DDL`, () =>
    refusing(['23505'], `Another row of ${args.table} stands in the way of the default tenant`, () =>
      tx.execute(insertTenantSql(row), [choice.id, ...Object.values(values)]),
    ),
  );
  const found = await tx.query<{ id: string }>(findTenantSql(args), [identity(context)]);
  return evidenceOf(
    `Default tenant ${identity(context)} has the id ${choice.id} (${said(choice)})`,
    [expectEqual('rows of the default tenant', 1, found.length), expectEqual('id', choice.id, found[0]?.id ?? 'none')],
    { tenant: choice.id },
  );
}

function said({ from, run }: Choice): string {
  if (from === 'existing') return 'it was there';
  return from === 'archive' ? `as in the archive of run ${run}` : 'new';
}
