import { evidenceOf, expectEqual, type Check, type Evidence } from '../../../src/core/evidence';
import { findColumn, findRelation, findTrigger, typeName, type Relation } from '../catalog';
import type { PgContext, PgSession, PgStepHandler } from '../context';
import { primaryKey } from '../keyset';
import { isMarked, markerOf } from '../marker';
import { keyNames } from '../names';
import { asOwnerOf } from '../owner';
import { refused } from '../pg-error';
import { settle } from '../settle';
import { addKey, prepareKey } from '../statements/key';
import { heldMs, together } from '../together';
import { undoKey } from './key-undo';

type Context = PgContext<'key'>;

/**
 * The tenant key of one table: column with the default tenant in every row, and a trigger that stamps the rows to come.
 * One transaction, one short lock, nothing rewritten. Its undo gives the key up without losing what deviates from the rule.
 */
export const keyStep: PgStepHandler<'key'> = {
  do: async (context) => {
    const { args } = context;
    const tenant = await context.captured<string>(args.tenant);
    await context.capture('before', async () => context.read(async (session) => look(session, context)));
    const existing = await context.read(async (session) => findColumn(session, args.table, args.column));
    if (existing) {
      refuseForeign(context, existing.comment);
      return context.commit(async (tx) => prove(tx, context, { tenant, note: 'was there from an earlier attempt' }));
    }
    return context.commit(async (tx) => add(tx, context, tenant));
  },
  undo: undoKey,
};

async function look(session: PgSession, { args }: Context): Promise<{ existed: boolean }> {
  await requireTable(session, args.table);
  await primaryKey(session, args.table);
  await typeName(session, args.type);
  return { existed: (await findColumn(session, args.table, args.column)) !== undefined };
}

async function requireTable(session: PgSession, table: string): Promise<Relation> {
  const relation = await findRelation(session, table);
  if (relation?.kind === 'r') return relation;
  throw refused(
    relation
      ? `${table} is not an ordinary table (relkind ${relation.kind}), and stamping its rows was never proved; take it out of the plan.`
      : `There is no table ${table}; correct the plan or the target.`,
  );
}

function refuseForeign({ args, run, step }: Context, comment: string | null): void {
  if (isMarked(comment, markerOf({ run, step }))) return;
  throw refused(
    `${args.table} has a column ${args.column} already, and this run did not make it${comment ? ` (its comment: "${comment}")` : ''}; rename or drop it, or choose another key in the plan.`,
  );
}

async function add(tx: PgSession, context: Context, tenant: string): Promise<Evidence> {
  const { args } = context;
  const before = await requireTable(tx, args.table);
  await asOwnerOf(tx, args.table, async () => {
    await together(tx, prepareKey(args, markerOf(context), tenant));
    await settle(tx, [args.table]);
    await together(tx, addKey(args, markerOf(context), tenant));
  });
  const after = await requireTable(tx, args.table);
  if (after.filenode !== before.filenode) {
    throw refused(
      `Adding ${args.column} ${args.type} to ${args.table} rewrites the table, which would lock it for as long as that takes; nothing was changed. Give the key a type without constraints of its own.`,
    );
  }
  return prove(tx, context, { tenant, note: 'added without a rewrite', heldMs: await heldMs(tx) });
}

async function prove(
  tx: PgSession,
  { args }: Context,
  facts: { readonly tenant: string; readonly note: string; readonly heldMs?: number },
): Promise<Evidence> {
  const column = await findColumn(tx, args.table, args.column);
  const trigger = await findTrigger(tx, args.table, keyNames(args.table, args.column).stamp.trigger);
  const checks: Check[] = [
    expectEqual('type', await typeName(tx, args.type), column ? await typeName(tx, column.type) : 'no column'),
    expectEqual('default', 'none', column?.default ?? 'none'),
    expectEqual(
      'stamping trigger',
      'enabled always',
      trigger?.enabled === 'A' ? 'enabled always' : (trigger?.enabled ?? 'none'),
    ),
  ];
  const summary = `${args.table}.${args.column} ${facts.note}`;
  if (facts.heldMs === undefined) return evidenceOf(summary, checks, { tenant: facts.tenant });
  const filled = expectEqual('value of the rows that were there', facts.tenant, column?.missing ?? 'none');
  return evidenceOf(`${summary}, lock held ${facts.heldMs} ms`, [...checks, filled], {
    tenant: facts.tenant,
    lockHeldMs: facts.heldMs,
  });
}
