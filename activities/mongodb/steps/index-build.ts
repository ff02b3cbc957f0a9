import type { Document } from 'mongodb';
import { done, evidenceOf, expectEqual, type Evidence } from '../../../src/core/evidence';
import type { MongoContext, MongoStepHandler } from '../context';
import { duplicatesText, findDuplicates } from '../duplicates';
import { codeOf, isDuplicateKey } from '../duplicate-key';
import {
  definitionText,
  dropIndex,
  findIndex,
  keyText,
  listIndexes,
  sameDefinition,
  type FoundIndex,
  type IndexDefinition,
} from '../index-definition';
import { recall } from '../recall';
import { refused } from '../refused';
import { collectionOptions } from '../validator';
import { createIndexes, wantedIndex } from '../statements/index-build';

type Context = MongoContext<'index'>;

/**
 * An index, built while the application writes. A build that an earlier attempt began is joined: the server answers the
 * same createIndexes when that one is through. Another definition under the same name is refused and never replaced.
 */
export const indexStep: MongoStepHandler<'index'> = {
  do: async (context) => {
    const { table } = context.args;
    const like = await model(context);
    const wanted = wantedIndex(context.args, like);
    await context.capture('before', async () => ({ existed: (await find(context)) !== undefined }));
    const there = await find(context);
    if (there) refuseOther(context, there, wanted);
    if (!there || there.building) await build(context, wanted, like);
    return context.commit(async ({ db }) => prove(table, wanted, await findIndex(db, table, wanted.name)));
  },
  undo: async (context) => {
    const { table, name } = context.args;
    const before = await recall<{ existed: boolean }>(context, 'before');
    if (!before || before.existed)
      return context.commit(async () => done(`${name} was not made by this run and stays as it is`));
    const there = await find(context);
    if (there) refuseOther(context, there, wantedIndex(context.args, await model(context)));
    await context.outside((db) => dropIndex(db, table, name));
    return context.commit(async ({ db }) => {
      const left = await findIndex(db, table, name);
      return evidenceOf(`${name} of ${table} dropped`, [expectEqual('index', 'gone', left ? 'still there' : 'gone')]);
    });
  },
};

async function find({ args, read }: Context): Promise<FoundIndex | undefined> {
  return read((db) => findIndex(db, args.table, args.name));
}

/** The filter and the collation of the index that this one replaces: without them it would keep other documents apart. */
async function model({ args, read }: Context): Promise<IndexDefinition | undefined> {
  const { like, table } = args;
  if (like === undefined) return undefined;
  const found = await read((db) => findIndex(db, table, like));
  if (found) return found;
  throw refused(`${table} has no index ${like}, which ${args.name} is to be like; correct the plan.`);
}

async function build(context: Context, wanted: IndexDefinition, like: IndexDefinition | undefined): Promise<void> {
  const { args } = context;
  // The server would make the collection for the index, and no undo would know.
  if (!(await context.read((db) => collectionOptions(db, args.table))))
    throw refused(
      `There is no collection ${args.table} to build ${args.name} on; create it, or take the index out of the plan.`,
    );
  await refuseSameKey(context, wanted);
  if (wanted.unique) await refuseDuplicates(context, wanted);
  context.progress({ doing: `building ${wanted.name} of ${args.table}` });
  try {
    await context.outside((db) => db.command({ ...createIndexes(args, like) }));
  } catch (error) {
    if (isDuplicateKey(error)) await refuseDuplicates(context, wanted);
    if (isDuplicateKey(error))
      throw refused(
        `${wanted.name} cannot be unique: ${args.table} has documents with the same values (in lists, or for a moment). Look, then \`cutover retry\`.`,
      );
    if (!CONFLICTS.has(codeOf(error) ?? 0)) throw error;
    throw refused(
      `The server refuses the index ${wanted.name} on ${args.table} because another one stands in its way; \`db.${args.table}.getIndexes()\` names it. Rename or drop one of them, then \`cutover retry\`.`,
    );
  }
}

/** One key can have one index only: under another name it is there already, and perhaps not unique. */
async function refuseSameKey(context: Context, wanted: IndexDefinition): Promise<void> {
  const { table } = context.args;
  const others = await context.read((db) => listIndexes(db, table));
  const same = others.find((o) => o.name !== wanted.name && keyText(o.key) === keyText(wanted.key));
  if (same)
    throw refused(
      `${table} has an index over (${keyText(wanted.key)}) already, named ${same.name}: ${definitionText(same)}. Name it in the plan instead of ${wanted.name}, or drop it, then \`cutover retry\`.`,
    );
}

/** T0.7: what a unique index with the tenant key would stumble over. */
async function refuseDuplicates(context: Context, wanted: IndexDefinition): Promise<void> {
  const { table } = context.args;
  context.progress({ doing: `looking for documents of ${table} that ${wanted.name} would refuse` });
  const found = await context.read((db) => findDuplicates(db, table, Object.keys(wanted.key), filterOf(wanted)));
  if (found.groups.length === 0) return;
  throw refused(
    `${wanted.name} cannot be unique: ${table} has several documents with the same (${keyText(wanted.key)}): ${duplicatesText(found)}. Change or delete all but one of each, then \`cutover retry\`.`,
  );
}

/** A partial index keeps apart only what its filter finds. */
function filterOf({ further }: IndexDefinition): Document {
  const filter = further['partialFilterExpression'];
  return typeof filter === 'object' && filter !== null ? (filter as Document) : {};
}

function refuseOther({ args }: Context, there: IndexDefinition, wanted: IndexDefinition): void {
  if (sameDefinition(there, wanted)) return;
  throw refused(
    `There is an index ${args.name} on ${args.table} already, and it is another one: ${definitionText(there)}; expected ${definitionText(wanted)}. Rename one of them, then \`cutover retry\`.`,
  );
}

function prove(table: string, wanted: IndexDefinition, made: FoundIndex | undefined): Evidence {
  return evidenceOf(`${table}: ${wanted.name} ${definitionText(wanted)}`, [
    expectEqual('index', definitionText(wanted), made ? definitionText(made) : 'missing'),
    expectEqual('build', 'finished', made?.building === false ? 'finished' : made ? 'under way' : 'missing'),
  ]);
}

/** IndexOptionsConflict, IndexKeySpecsConflict. */
const CONFLICTS: ReadonlySet<number> = new Set([85, 86]);
