import type { Db } from 'mongodb';
import { done, evidenceOf, expectEqual, type Check, type Evidence } from '../../../src/core/evidence';
import { adoptionProblems } from '../adopt';
import { archiveDocuments, compareArchived, type ArchivedWhole, type ToArchiveWhole } from '../archive-documents';
import { readCollectionFile, type CollectionFile } from '../collection-file';
import type { MongoContext, MongoStepHandler } from '../context';
import { createUnlessThere } from '../create-collection';
import {
  definitionText,
  dropIndex,
  findIndex,
  listIndexes,
  makesUnique,
  sameDefinition,
  type IndexDefinition,
} from '../index-definition';
import { recall } from '../recall';
import { refused } from '../refused';
import { create, createIndexesOf, drop } from '../statements/table';
import { collectionOptions, putValidator, refuseAll } from '../validator';

type Context = MongoContext<'table'>;

interface Before {
  readonly [key: string]: boolean | readonly string[];
  readonly existed: boolean;
  readonly indexes: readonly string[];
}

/**
 * A new collection of the tenancy. Undo keeps its documents in the archive. One that was there is adopted or refused, and
 * never dropped: its undo takes back the indexes of this run and leaves documents to the steps that put them there.
 */
export const tableStep: MongoStepHandler<'table'> = {
  do: async (context) => {
    const { args } = context;
    const file = readCollectionFile(args.create, args.file);
    const before = await context.capture<Before>('before', async () => context.read((db) => look(db, args.table)));
    if (before.existed) await refuseUnfit(context, file);
    else await context.outside((db) => createUnlessThere(db, create(args.table, file)));
    await context.outside((db) => indexUnlessThere(db, args.table, file));
    return context.commit(async ({ db }) => prove(db, context, { file, before }));
  },
  undo: async (context) => {
    const { args } = context;
    const before = await recall<Before>(context, 'before');
    const there = await context.read((db) => collectionOptions(db, args.table));
    if (!before || !there)
      return context.commit(async () => done(`${args.table} ${there ? 'was not made by this run' : 'is gone'}`));
    if (before.existed) return takeBackIndexes(context, before);
    await context.outside((db) => putValidator(db, args.table, refuseAll));
    const archived = await archive(context);
    await context.outside((db) => db.command({ ...drop(args.table) }));
    return context.commit(async ({ db }) =>
      proveDropped(context, archived, (await collectionOptions(db, args.table)) !== undefined),
    );
  },
};

async function look(db: Db, table: string): Promise<Before> {
  const existed = (await collectionOptions(db, table)) !== undefined;
  return { existed, indexes: existed ? (await listIndexes(db, table)).map(({ name }) => name) : [] };
}

async function refuseUnfit(context: Context, file: CollectionFile): Promise<void> {
  const { args, read } = context;
  if (args.needs === undefined)
    throw refused(
      `${args.table} is there already and this run did not make it; rename it, drop it, or take it out of the plan.`,
    );
  const options = await read((db) => collectionOptions(db, args.table));
  if (!options)
    throw refused(`${args.table} was there when this step began and is gone now; put it back, then \`cutover retry\`.`);
  const indexes = await read((db) => listIndexes(db, args.table));
  const problems = adoptionProblems({ options, indexes }, { file, needs: args.needs });
  if (problems.length > 0)
    throw refused(
      `${args.table} is there already and cannot be adopted: ${problems.join('; ')}. Mend that, then \`cutover retry\`.`,
    );
}

async function indexUnlessThere(db: Db, table: string, file: CollectionFile): Promise<void> {
  const missing = await missingIndexes(db, table, file);
  if (missing.length > 0) await db.command({ ...createIndexesOf(table, missing) });
}

async function missingIndexes(db: Db, table: string, file: CollectionFile): Promise<readonly IndexDefinition[]> {
  const there = await listIndexes(db, table);
  return file.indexes.filter((wanted) => !there.some((found) => !found.building && sameDefinition(found, wanted)));
}

async function prove(
  db: Db,
  { args }: Context,
  { file, before }: { readonly file: CollectionFile; readonly before: Before },
): Promise<Evidence> {
  const found = await collectionOptions(db, args.table);
  const missing = found ? await missingIndexes(db, args.table, file) : file.indexes;
  const there = found ? await listIndexes(db, args.table) : [];
  const unique = (args.needs?.unique ?? []).map((fields): Check => {
    const index = there.find((i) => makesUnique(i, fields));
    return expectEqual(`(${fields.join(', ')})`, 'unique', index ? 'unique' : 'not unique');
  });
  return evidenceOf(
    before.existed
      ? `${args.table} was there and is adopted (${args.purpose})`
      : `${args.table} is there (${args.purpose})`,
    [
      expectEqual(args.table, 'collection', found?.type ?? 'missing'),
      expectEqual(
        'indexes of the file that are missing',
        'none',
        missing.map((i) => `${i.name} ${definitionText(i)}`).join('; ') || 'none',
      ),
      ...unique,
    ],
    { [before.existed ? 'adopted' : 'created']: args.table },
  );
}

async function takeBackIndexes(context: Context, before: Before): Promise<Evidence> {
  const { args } = context;
  const file = readCollectionFile(args.create, args.file);
  const own = file.indexes.map(({ name }) => name).filter((name) => !before.indexes.includes(name));
  for (const name of own) await context.outside((db) => dropIndex(db, args.table, name));
  return context.commit(async ({ db }) => {
    const checks: Check[] = [];
    for (const name of own)
      checks.push(
        expectEqual(`index ${name}`, 'gone', (await findIndex(db, args.table, name)) ? 'still there' : 'gone'),
      );
    const summary = `${args.table} was there before this run and stays as it is`;
    return checks.length === 0 ? done(summary) : evidenceOf(`${summary}, without ${own.join(', ')}`, checks);
  });
}

async function archive(context: Context): Promise<ArchivedWhole> {
  const { args, lane, run, signal } = context;
  context.progress({ doing: `keeping the documents of ${args.table}` });
  const archived = await context.outside(async (db) => {
    const what: ToArchiveWhole = { db, lane, run: run.id, table: args.table, filter: {}, signal };
    await archiveDocuments(what);
    return compareArchived(what);
  });
  if (archived.documents === archived.kept) return archived;
  throw refused(
    `Of ${archived.documents} documents of ${args.table} the archive holds ${archived.kept} with the same bytes, although writes to it are refused; it was not dropped. Find out who writes past the validator (bypassDocumentValidation?), then \`cutover retry\`.`,
  );
}

function proveDropped({ args }: Context, { documents, kept }: ArchivedWhole, left: boolean): Evidence {
  return evidenceOf(
    `${args.table} dropped, its ${documents} documents are in the archive`,
    [
      expectEqual('documents in the archive', documents, kept),
      expectEqual(args.table, 'gone', left ? 'there again: somebody writes to it' : 'gone'),
    ],
    { archivedDocuments: documents },
  );
}
