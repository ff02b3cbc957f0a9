import { evidenceOf, expectEqual, type Check, type Evidence } from '../../../src/core/evidence';
import { findColumn, findRelation, typeName, type Relation } from '../catalog';
import type { PgContext, PgSession, PgStepHandler } from '../context';
import { keyFactsSql, readKeyFacts, type KeyFacts } from '../key-facts';
import { primaryKey } from '../keyset';
import { tenantOrRule } from '../rules/driver-of';
import { requireRule } from '../rules/requirements';
import { isMarked, markerOf } from '../marker';
import { becomeOwnerOf, TOOL_AGAIN } from '../owner';
import { refused } from '../pg-error';
import { settle } from '../settle';
import { addKey, prepareKey, type TenantOrRule } from '../statements/key';
import { ruleText } from '../statements/rule';
import { together } from '../together';
import { undoKey } from './key-undo';

type Context = PgContext<'key'>;

/**
 * The tenant key of one table: column with the default tenant in every row (by a rule: empty, and stamped in backfill), and
 * a trigger that stamps the rows to come. One transaction, one short lock, nothing rewritten. Its undo gives the key up without losing what deviates from the rule.
 */
export const keyStep: PgStepHandler<'key'> = {
  do: async (context) => {
    const { args } = context;
    const tenant = await tenantOrRule(context, args);
    await context.capture('before', async () => context.read(async (session) => look(session, context, tenant)));
    const existing = await context.read(async (session) => findColumn(session, args.table, args.column));
    if (existing) {
      refuseForeign(context, existing.comment);
      return context.commit(async (tx) => prove(tx, context, tenant));
    }
    return context.commit(async (tx) => add(tx, context, tenant));
  },
  undo: undoKey,
};

async function look(session: PgSession, { args }: Context, tenant: TenantOrRule): Promise<{ existed: boolean }> {
  await requireTable(session, args.table);
  await primaryKey(session, args.table);
  await typeName(session, args.type);
  if (typeof tenant !== 'string') await requireRule(session, { ...tenant, type: args.type });
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

/** Under the lock there is one message, which ends with the questions that prove it. */
async function add(tx: PgSession, context: Context, tenant: TenantOrRule): Promise<Evidence> {
  const { args } = context;
  const before = await requireTable(tx, args.table);
  const type = await typeName(tx, args.type);
  await becomeOwnerOf(tx, args.table);
  await together(tx, prepareKey(args, markerOf(context), tenant));
  await settle(tx, [args.table]);
  const work = addKey(args, markerOf(context), tenant).map((s) => s.sql);
  const [made] = await tx.query<KeyFacts>([...work, TOOL_AGAIN, keyFactsSql(args)].join(';\n'));
  if (made?.filenode !== before.filenode) {
    throw refused(
      `Adding ${args.column} ${args.type} to ${args.table} rewrites the table, which would lock it for as long as that takes; nothing was changed. Give the key a type without constraints of its own.`,
    );
  }
  const there = typeof tenant === 'string' ? tenant : 'none';
  return evidenceOf(
    `${args.table}.${args.column} added without a rewrite, lock held ${made.heldMs} ms`,
    [...checksOf(made, type), expectEqual('value of the rows that were there', there, made.missing ?? 'none')],
    { ...figuresOf(tenant), lockHeldMs: made.heldMs ?? Number.NaN },
  );
}

async function prove(tx: PgSession, { args }: Context, tenant: TenantOrRule): Promise<Evidence> {
  const made = await readKeyFacts(tx, args);
  const checks = checksOf(made, await typeName(tx, args.type));
  return evidenceOf(`${args.table}.${args.column} was there from an earlier attempt`, checks, figuresOf(tenant));
}

function figuresOf(tenant: TenantOrRule): { readonly tenant?: string; readonly rule?: string } {
  return typeof tenant === 'string' ? { tenant } : { rule: ruleText(tenant.rule) };
}

function checksOf(made: KeyFacts | undefined, type: string): readonly Check[] {
  return [
    expectEqual('type', type, made?.type ?? 'no column'),
    expectEqual('default', 'none', made?.default ?? 'none'),
    expectEqual(
      'stamping trigger',
      'enabled always',
      made?.trigger === 'A' ? 'enabled always' : (made?.trigger ?? 'none'),
    ),
  ];
}
