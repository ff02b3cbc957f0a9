import type { Db } from 'mongodb';
import { done, evidenceOf, expectEqual } from '../../../src/core/evidence';
import { archiveDocuments, compareArchived } from '../archive-documents';
import type { MongoContext, MongoStepHandler } from '../context';
import { listIndexes, makesUnique } from '../index-definition';
import { insertedIds, rememberInserted } from '../inserted';
import { ensureMemberships, joinLateUsers, usersWithoutMembership, type MembersInput } from '../members';
import { recall } from '../recall';
import { refused } from '../refused';
import { collectionOptions } from '../validator';

type Context = MongoContext<'members'>;

/**
 * A membership for every user there is. Those who come later are joined by the sweep inside the freeze. The undo takes
 * out what this run put in, whole into the archive, and no other; in a collection of this run the rest goes with it.
 */
export const membersStep: MongoStepHandler<'members'> = {
  do: async (context) => {
    const { args } = context;
    await context.capture('before', async () => look(context));
    const tenant = await tenantOf(context);
    let seen = 0;
    const { inserted } = await context.outside(async (db) =>
      ensureMemberships({
        ...{ db, args, tenant, signal: context.signal },
        remember: rememberInserted(context.lane, context.run.id, args.table),
        held: () => context.checkToken(),
        seen: async (users) => {
          seen += users;
          context.progress({ doing: 'joining users to their tenant', done: seen, unit: 'users' });
          await context.checkToken();
        },
      }),
    );
    const late = await context.outside((db) =>
      joinLateUsers({
        ...inputOf(context, db, tenant),
        remember: rememberInserted(context.lane, context.run.id, args.table),
        held: () => context.checkToken(),
      }),
    );
    const now = await context.read((db) => usersWithoutMembership(inputOf(context, db, tenant)));
    const joined = inserted + late.arrived - late.left;
    return context.commit(async () =>
      evidenceOf(
        `${now.users} users of ${args.from.table}, each with a membership; ${joined} joined now${late.left > 0 ? `; without: ${now.samples.join(', ')}` : ''}`,
        [expectEqual('users whom no membership can be given', 0, late.left)],
        { users: now.users, joined },
      ),
    );
  },
  undo: async (context) => {
    const { args } = context;
    const there = await context.read((db) => collectionOptions(db, args.table));
    if (!there || (await recall(context, 'before')) === undefined)
      return context.commit(async () => done(there ? 'No membership was made' : `${args.table} is gone`));
    const removed = await takeOut(context);
    const left = await context.read((db) => countOwn(context, db));
    return context.commit(async () =>
      evidenceOf(
        `${removed} memberships of this run are out of ${args.table} and in the archive; all others stay`,
        [expectEqual('memberships of this run', 0, left)],
        { removed },
      ),
    );
  },
};

function inputOf({ args, signal }: Context, db: Db, tenant: string | undefined): MembersInput {
  return { db, args, tenant, signal };
}

async function tenantOf({ args, captured }: Context): Promise<string | undefined> {
  return args.otherwise === undefined ? undefined : captured<string>(args.otherwise);
}

/** Without the unique index two who look at the same moment would both join the user. */
async function look({ args, read }: Context): Promise<{ unique: string }> {
  const { table, user, tenant } = args;
  const index = (await read((db) => listIndexes(db, table))).find((i) => makesUnique(i, [user, tenant]) && !i.building);
  if (index) return { unique: index.name };
  throw refused(
    `${table} has no unique index over (${user}, ${tenant}), so a user could be joined twice; add one to its file in the plan, or to the collection.`,
  );
}

async function takeOut(context: Context): Promise<number> {
  const { args, lane, run, signal } = context;
  let removed = 0;
  for await (const ids of insertedIds(lane, run.id, args.table)) {
    const filter = { _id: { $in: [...ids] } };
    removed += await context.outside(async (db) => {
      const what = { db, lane, run: run.id, table: args.table, filter, signal };
      await archiveDocuments(what);
      const { documents, kept } = await compareArchived(what);
      if (documents !== kept)
        throw refused(
          `A membership of ${args.table} changed while it was kept in the archive; it was not deleted. \`cutover retry\` keeps it as it is now.`,
        );
      return (await db.collection(args.table).deleteMany(filter)).deletedCount;
    });
  }
  return removed;
}

async function countOwn({ args, lane, run }: Context, db: Db): Promise<number> {
  let own = 0;
  for await (const ids of insertedIds(lane, run.id, args.table))
    own += await db.collection(args.table).countDocuments({ _id: { $in: [...ids] } });
  return own;
}
