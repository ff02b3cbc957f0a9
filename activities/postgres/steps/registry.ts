import { done, evidenceOf, expectEqual, type Evidence } from '../../../src/core/evidence';
import { findColumn } from '../catalog';
import type { PgContext, PgSession, PgStepHandler } from '../context';
import { literal, qualified } from '../identifiers';
import { asOwnerOf } from '../owner';
import { refused, refusing } from '../pg-error';
import { archivedTenantSql, findTenantSql, insertTenantSql } from '../statements/registry';

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
  undo: async (context) =>
    context.commit(async () =>
      done(`The default tenant's row goes with the table ${context.args.table}, into the archive`),
    ),
};

async function choose(context: Context): Promise<Choice> {
  const { args } = context;
  const slug = identity(context);
  const existing = await context.read((s) => s.query<{ id: string }>(findTenantSql(args), [slug]));
  if (existing[0]) return { id: existing[0].id, from: 'existing' };
  const archived = await context.read((s) =>
    s.query<{ id: string; run_id: string }>(archivedTenantSql(), [args.table, args.id, args.identify, slug]),
  );
  if (archived[0]) return { id: archived[0].id, from: 'archive', run: archived[0].run_id };
  return { id: await context.transaction((tx) => draw(tx, context)), from: 'new' };
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
