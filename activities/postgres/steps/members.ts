import { done, evidenceOf, expectEqual, type Evidence } from '../../../src/core/evidence';
import { findRelation, findTrigger, isUnique } from '../catalog';
import type { PgContext, PgSession, PgStepHandler } from '../context';
import { qualified } from '../identifiers';
import { ensureRecord, removeJoined } from '../joined';
import { primaryKey } from '../keyset';
import { isMadeBy, isMarked, markerOf } from '../marker';
import { memberNames } from '../names';
import { asOwnerOf, ownerOf } from '../owner';
import { refused } from '../pg-error';
import { readOnly, SCAN_TIMEOUT_MS } from '../read-only';
import { recall } from '../recall';
import { settle } from '../settle';
import { dropJoinTrigger, joinTrigger, joinWindowSql, withoutMembershipSql } from '../statements/members';
import { together } from '../together';
import { walk, within } from '../windows';

type Context = PgContext<'members'>;

/**
 * A membership for every user. First the trigger for those to come, then the walk: in this order nobody is missed. In a
 * table that was there before, the undo takes away those that this run added and no other.
 */
export const membersStep: PgStepHandler<'members'> = {
  do: async (context) => {
    const { args } = context;
    await context.capture('before', async () => context.read((session) => look(session, context)));
    const record = await ensureRecord(context, args);
    await context.transaction((tx) => arm(tx, context, record));
    const keyset = await context.read((session) => primaryKey(session, args.from.table));
    let joined = 0;
    await walk(context, { keyset, size: WINDOW, doing: 'joining users to their tenant' }, async (tx, window) => {
      const range = within(keyset, window, 'u', 1);
      joined += await tx.execute(joinWindowSql(args, range.sql, record), range.values);
    });
    const counted = await countMissing(context);
    return context.commit(async (tx) => prove(tx, context, { joined, ...counted }));
  },
  undo: async (context) => {
    const { args } = context;
    if (!(await recall(context, 'before'))) return context.commit(async () => done('No membership was made'));
    await context.transaction((tx) => disarm(tx, context));
    const { added, removed } = await removeJoined(context, args);
    return context.commit(async (tx) => {
      const left = await findTrigger(tx, args.from.table, memberNames(args).trigger);
      const there = await findRelation(tx, args.table);
      const rows = isMadeBy(there?.comment, context.run.id)
        ? `the rows of ${args.table} go with the table`
        : `${removed} rows of this run are out of ${args.table} and in the archive, ${added - removed} were gone, all others stay`;
      return evidenceOf(
        `New users are no longer joined; ${rows}`,
        [expectEqual('trigger', 'gone', left ? 'still there' : 'gone')],
        { removed },
      );
    });
  },
};

async function disarm(tx: PgSession, { args }: Context): Promise<void> {
  if (!(await findTrigger(tx, args.from.table, memberNames(args).trigger))) return;
  await asOwnerOf(tx, args.from.table, async () => {
    await settle(tx, [args.from.table]);
    await together(tx, dropJoinTrigger(args));
  });
}

async function look(session: PgSession, { args }: Context): Promise<{ members: string }> {
  if (!(await isUnique(session, args.table, [args.user, args.tenant]))) {
    throw refused(
      `${args.table} has no unique constraint on (${args.user}, ${args.tenant}), so a user could be joined twice; add UNIQUE (${args.user}, ${args.tenant}) to its DDL.`,
    );
  }
  const owner = await ownerOf(session, args.from.table);
  const may = await session.query<{ may: boolean }>('SELECT has_table_privilege($1, $2, $3) AS may', [
    owner,
    qualified(args.table),
    'INSERT',
  ]);
  if (may[0]?.may !== true) {
    throw refused(
      `${owner}, the owner of ${args.from.table}, may not insert into ${args.table}: the trigger would make every new user fail; give both tables one owner.`,
    );
  }
  const rows = await session.query<{ members: string }>(`SELECT count(*) AS members FROM ${qualified(args.table)}`);
  return { members: String(rows[0]?.members) };
}

async function arm(tx: PgSession, context: Context, record: string | undefined): Promise<void> {
  const { args } = context;
  const trigger = await findTrigger(tx, args.from.table, memberNames(args).trigger);
  if (trigger && !isMarked(trigger.comment, markerOf(context))) {
    throw refused(
      `${args.from.table} has a trigger ${trigger.name} already, and this run did not make it; drop it, then \`cutover retry\`.`,
    );
  }
  if (trigger) return;
  await asOwnerOf(tx, args.from.table, async () => {
    await settle(tx, [args.from.table]);
    await together(tx, joinTrigger(args, markerOf(context), record));
  });
}

interface Missing {
  readonly users: number;
  readonly missing: number;
}

async function countMissing(context: Context): Promise<Missing> {
  return context.read((session) =>
    readOnly(session, { timeoutMs: SCAN_TIMEOUT_MS }, async () => {
      const rows = await session.query<{ users: string; missing: string }>(withoutMembershipSql(context.args));
      return { users: Number(rows[0]?.users), missing: Number(rows[0]?.missing) };
    }),
  );
}

async function prove(
  tx: PgSession,
  { args }: Context,
  facts: Missing & { readonly joined: number },
): Promise<Evidence> {
  const trigger = await findTrigger(tx, args.from.table, memberNames(args).trigger);
  return evidenceOf(
    `${facts.users} users, each with a membership; ${facts.joined} joined now, those to come by trigger`,
    [
      expectEqual('users without membership', 0, facts.missing),
      expectEqual(
        'trigger',
        'enabled always',
        trigger?.enabled === 'A' ? 'enabled always' : (trigger?.enabled ?? 'none'),
      ),
    ],
    { users: facts.users, joined: facts.joined },
  );
}

const WINDOW = 5_000;
