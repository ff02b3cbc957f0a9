import type { Db } from 'mongodb';
import { done, evidenceOf, expectEqual, type Evidence } from '../../../src/core/evidence';
import type { MongoContext, MongoStepHandler } from '../context';
import { createUnlessThere } from '../create-collection';
import { recall } from '../recall';
import { refused } from '../refused';
import { isEnforced, requiredValidation } from '../required-validation';
import {
  collectionOptions,
  holdsRequiredKey,
  putValidator,
  readValidation,
  refuseAll,
  sameValidation,
  validationText,
  withoutKey,
  type Validation,
  type ValidationAction,
} from '../validator';
import { validatorsHonoured } from '../validator-honoured';

type Context = MongoContext<'required'>;

/** What was there before: null where there was no collection. */
type Before = { readonly validation: string | null };

/**
 * A validator that asks for the key: it warns until the switch makes it refuse. A collection that the application has
 * never written to is made, so that its first document is asked too. The undo puts back what was captured.
 */
export const requiredStep: MongoStepHandler<'required'> = {
  do: async (context) => {
    const { table, column } = context.args;
    const { validation } = await context.capture<Before>('before', async () => look(context));
    const { warn, error } = await context.capture('honoured', async () => ({
      ...(await validatorsHonoured(context.lane)),
    }));
    if (!error)
      throw refused(
        `This server takes validators and does not keep to them (a document without key got into a collection that asks for it), so ${table} cannot require ${column}. Use a server that does.`,
      );
    if (validation === null) await context.outside((db) => createUnlessThere(db, { create: table }));
    if (warn) await context.outside((db) => makeRequired(db, table, column, 'warn'));
    const before = readValidation(validation ?? '{}');
    const expected = warn ? requiredValidation(before, column, 'warn') : before;
    return context.commit(async ({ db }) =>
      prove(context, { expected, warn, now: await collectionOptions(db, table) }),
    );
  },
  undo: async (context) => {
    const { table, column } = context.args;
    const captured = await recall<Before>(context, 'before');
    const now = await context.read((db) => collectionOptions(db, table));
    if (captured === undefined || now === undefined)
      return context.commit(async () =>
        done(`${table} ${now === undefined ? 'is gone' : 'was not changed by this step'}`),
      );
    if (captured.validation === null && (await context.outside((db) => dropIfEmpty(db, table))))
      return context.commit(async ({ db }) => proveGone(table, await collectionOptions(db, table)));
    const before = readValidation(captured.validation ?? '{}');
    refuseForeign(context, { now, before });
    await context.outside((db) => putValidator(db, table, before));
    return context.commit(async ({ db }) => {
      const left = await collectionOptions(db, table);
      return evidenceOf(`${table} no longer asks for ${column}: its validator is the one of before`, [
        same(table, before, left),
      ]);
    });
  },
};

/**
 * Makes the collection ask for the key and warn, or refuse. Twice is once. With `error` call it inside the freeze, when
 * no document is without key any more; not while a fence by validator stands (see `requiredValidation` for that).
 */
export async function makeRequired(db: Db, table: string, column: string, action: ValidationAction): Promise<void> {
  const current = await collectionOptions(db, table);
  if (current === undefined) throw refused(`There is no collection ${table}, so it cannot require ${column}.`);
  await putValidator(db, table, requiredValidation(current, column, action));
}

async function look({ args, read }: Context): Promise<Before> {
  const found = await read((db) => collectionOptions(db, args.table));
  if (found === undefined) return { validation: null };
  if (found.type === 'collection') return { validation: validationText(found) };
  throw refused(`${args.table} is a ${found.type} and takes no validator; take it out of the plan.`);
}

/** Closed while it is looked at, so that no document comes between the look and the drop. */
async function dropIfEmpty(db: Db, table: string): Promise<boolean> {
  await putValidator(db, table, refuseAll);
  if ((await db.collection(table).findOne({}, { projection: { _id: 1 } })) !== null) return false;
  return db.dropCollection(table);
}

function proveGone(table: string, left: Validation | undefined): Evidence {
  return evidenceOf(`${table}, which this step had made and nobody wrote to, is dropped`, [
    expectEqual(table, 'gone', left ? 'there again: somebody writes to it' : 'gone'),
  ]);
}

function refuseForeign(
  { args }: Context,
  { now, before }: { readonly now: Validation; readonly before: Validation },
): void {
  const known = holdsRequiredKey(now.validator, args.column) || sameValidation(now, refuseAll);
  if (known || sameValidation(now, before)) return;
  throw refused(
    `The validator of ${args.table} is neither the one of before this run nor one of this run: ${validationText(now)}. Somebody changed it meanwhile; put it back, then \`cutover retry\`.`,
  );
}

function prove(
  { args }: Context,
  facts: { readonly expected: Validation; readonly warn: boolean; readonly now: Validation | undefined },
): Evidence {
  return evidenceOf(summaryOf(args, facts), [same(args.table, facts.expected, facts.now)]);
}

function summaryOf(
  { table, column }: Context['args'],
  { expected, warn }: { readonly expected: Validation; readonly warn: boolean },
): string {
  if (!warn)
    return `${table} asks for ${column} only from the switch on: this server refuses documents where it should warn`;
  if (isEnforced(expected))
    return `${table} asks for ${column} only from the switch on: it has a validator that refuses documents already, and a collection cannot refuse and warn`;
  const own = withoutKey(expected.validator, column) !== undefined;
  return `${table} asks for ${column} and warns; from the switch on it refuses${own ? ', and the validator that was there, which refused nothing, is out of it' : ''}`;
}

function same(table: string, expected: Validation, now: Validation | undefined) {
  const right = now !== undefined && sameValidation(expected, now);
  const wanted = validationText(expected);
  return expectEqual(
    `validator of ${table}`,
    wanted,
    right ? wanted : now === undefined ? 'missing' : validationText(now),
  );
}
