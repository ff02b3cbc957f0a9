import { ObjectId, type Document } from 'mongodb';
import { done, evidenceOf, expectEqual, type Evidence } from '../../../src/core/evidence';
import { ARCHIVE_DOCUMENTS, archiveDocuments, compareArchived } from '../archive-documents';
import type { MongoContext, MongoStepHandler, MongoTx } from '../context';
import { isDuplicateKey } from '../duplicate-key';
import { fillIn, type Filled } from '../fill';
import { recall } from '../recall';
import { refused } from '../refused';
import { findTenant } from '../statements/registry';
import { collectionOptions } from '../validator';

type Context = MongoContext<'registry'>;

type TenantId = ObjectId | string | Date;

type Choice = { readonly id: string; readonly from: 'existing' | 'archive' | 'new'; readonly run?: string };

/**
 * The default tenant. Its id is chosen and captured before the document exists: a retry, and a later run after a
 * rollback, use the same one, so that keys kept in archives go on meaning the same tenant.
 */
export const registryStep: MongoStepHandler<'registry'> = {
  do: async (context) => {
    const choice = await context.capture<Choice>('choice', async () => choose(context));
    const tenant = await context.capture<string>('tenant', async () => choice.id);
    const drawn = await context.capture<string>('drawn', async () => JSON.stringify(fillIn(context.args.fill)));
    const _id = await context.capture<string>('_id', async () => new ObjectId().toHexString());
    const document = documentOf(context, { tenant, drawn });
    if (choice.from !== 'existing') await insert(context, { ...document, _id: idOf(document, _id) });
    return context.commit(async (tx) => prove(tx, context, { ...choice, id: tenant }));
  },
  undo: async (context) => {
    const { args } = context;
    const choice = await recall<Choice>(context, 'choice');
    const there = await context.read((db) => collectionOptions(db, args.table));
    if (!there || !choice)
      return context.commit(async () => done(there ? 'No tenant was made' : `${args.table} is gone`));
    if (choice.from === 'existing')
      return context.commit(async () => done('The default tenant was there before this run and stays'));
    const [tenant, fields, _id] = await Promise.all(
      ['tenant', 'drawn', '_id'].map((name) => recall<string>(context, name)),
    );
    if (tenant === undefined || fields === undefined || _id === undefined)
      return context.commit(async () => done('No tenant was made'));
    return takeOut(context, idOf(documentOf(context, { tenant, drawn: fields }), _id));
  },
};

async function choose(context: Context): Promise<Choice> {
  const { args, lane } = context;
  const identity = identityOf(context);
  const [existing, second] = await context.read((db) =>
    db.collection(args.table).find(findTenant(args, identity)).limit(2).toArray(),
  );
  if (second)
    throw refused(`${args.table} has several documents with ${args.identify} ${identity}; leave one of them.`);
  if (existing) {
    refuseDeviation(context, existing);
    return { id: tenantIn(context, existing), from: 'existing' };
  }
  const given = args.values[args.id];
  if (given !== undefined) return { id: given, from: 'new' };
  const archived = await lane
    .collection(ARCHIVE_DOCUMENTS)
    .findOne({ '_id.table': args.table, [`document.${args.identify}`]: identity }, { sort: { at: -1 } });
  const kept: unknown = (archived?.['document'] as Document | undefined)?.[args.id];
  if (typeof kept === 'string')
    return { id: kept, from: 'archive', run: String((archived?._id as unknown as Document)['run']) };
  if (args.fill?.[args.id] === 'uuid') return { id: String(fillIn({ [args.id]: 'uuid' })[args.id]), from: 'new' };
  throw refused(
    `Nothing says which ${args.id} the default tenant of ${args.table} gets; give it in the plan's registry.default, or \`fill: {${args.id}: uuid}\`.`,
  );
}

/** A tenant that is there already under this name, but is described otherwise: perhaps it is another one. */
function refuseDeviation(context: Context, there: Document): void {
  const { args } = context;
  const other = Object.keys(args.values).filter((field) => there[field] !== args.values[field]);
  if (other.length === 0) return;
  throw refused(
    `${args.table} has a document with ${args.identify} ${identityOf(context)} already, and ${other.length} of its ${Object.keys(args.values).length} values that the plan names are others (${other.join(', ')}); correct the plan, or the document.`,
  );
}

function tenantIn({ args }: Context, there: Document): string {
  const id: unknown = there[args.id];
  if (typeof id === 'string' && id !== '') return id;
  throw refused(
    `The default tenant in ${args.table} has no ${args.id} that is a text; give it one, then \`cutover retry\`.`,
  );
}

function identityOf({ args }: Context): string {
  const value = args.values[args.identify];
  if (value !== undefined) return value;
  throw refused(
    `The default tenant is identified by ${args.identify}, but the plan gives it no value; add it to the registry's default.`,
  );
}

/** As the application's own model would have written it: the values of the plan and what the first attempt drew. */
function documentOf({ args }: Context, facts: { readonly tenant: string; readonly drawn: string }): Filled {
  const filled = JSON.parse(facts.drawn) as Record<string, string | null>;
  const times = Object.entries(filled).map(([field, value]): [string, string | Date | null] => [
    field,
    args.fill?.[field] === 'now' && value !== null ? new Date(value) : value,
  ]);
  return { ...Object.fromEntries(times), ...args.values, [args.id]: facts.tenant };
}

/** The plan's own where the tenants are told apart by their `_id`, else the one that this run drew. */
function idOf(document: Filled, drawn: string): TenantId {
  return document['_id'] ?? new ObjectId(drawn);
}

/** T0.9: whoever comes second finds the document of the first one; the unique index lets nobody make another. */
async function insert(context: Context, document: Readonly<Record<string, unknown>>): Promise<void> {
  const { args } = context;
  const { [args.identify]: identity, ...rest } = document;
  const upsert = async ({ db, session }: MongoTx): Promise<unknown> =>
    db
      .collection(args.table)
      .updateOne(findTenant(args, String(identity)), { $setOnInsert: rest }, { upsert: true, session });
  try {
    await context.transaction(upsert);
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    const there = await context.read((db) => db.collection(args.table).findOne(findTenant(args, String(identity))));
    if (!there)
      throw refused(
        `Another document of ${args.table} has the ${args.id} of the default tenant; correct the plan, or the document.`,
      );
  }
}

async function prove({ db, session }: MongoTx, context: Context, choice: Choice): Promise<Evidence> {
  const { args } = context;
  const identity = identityOf(context);
  const found = await db.collection(args.table).find(findTenant(args, identity), { session }).toArray();
  for (const document of found) refuseDeviation(context, document);
  return evidenceOf(
    `Default tenant ${identity} has the ${args.id} ${choice.id} (${said(choice)})`,
    [
      expectEqual('documents of the default tenant', 1, found.length),
      expectEqual(args.id, choice.id, found[0] ? String(found[0][args.id]) : 'none'),
    ],
    { tenant: choice.id },
  );
}

/** By the `_id` that this run drew: a tenant that somebody else made in the same moment is not ours. */
async function takeOut(context: Context, _id: TenantId): Promise<Evidence> {
  const { args, lane, run, signal } = context;
  const filter: Document = { _id };
  const removed = await context.outside(async (db) => {
    const what = { db, lane, run: run.id, table: args.table, filter, signal };
    await archiveDocuments(what);
    const { documents, kept } = await compareArchived(what);
    if (documents !== kept)
      throw refused(`The default tenant in ${args.table} changed while it was kept in the archive; \`cutover retry\`.`);
    return (await db.collection(args.table).deleteMany(filter)).deletedCount;
  });
  const left = await context.read((db) => db.collection(args.table).countDocuments(filter));
  return context.commit(async () =>
    evidenceOf(
      `The default tenant is out of ${args.table} and in the archive; tenants that were there stay`,
      [expectEqual('documents of this run', 0, left)],
      { removed },
    ),
  );
}

function said({ from, run }: Choice): string {
  if (from === 'existing') return 'it was there';
  return from === 'archive' ? `as in the archive of run ${run}` : 'new';
}
