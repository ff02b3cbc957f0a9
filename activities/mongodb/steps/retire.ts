import type { Db } from 'mongodb';
import { evidenceOf, expectEqual, type Check } from '../../../src/core/evidence';
import type { MongoContext, MongoStepHandler } from '../context';
import { FenceControl } from '../fence/control';
import { definitionText, dropIndex, findIndex, listIndexes, type FoundIndex } from '../index-definition';
import { forgetInserted } from '../inserted';
import { missingKey } from '../missing';
import { refused } from '../refused';
import { strictValidation } from '../required-validation';
import { collectionOptions, holdsRequiredKey, putValidator, type CollectionOptions } from '../validator';

type Context = MongoContext<'retire'>;
type Keyed = Context['args']['tables'][number];
type Replaced = NonNullable<Context['args']['drops']>[number];

interface Strictness {
  readonly table: string;
  readonly strict: boolean;
  /** Documents that the application's own part of the validator would refuse. */
  readonly others: number;
}

/** Contract: every write is checked from now on, what only the way back needed goes, and indexes that others replaced. */
export const retireStep: MongoStepHandler<'retire'> = {
  do: async (context) => {
    const { args } = context;
    await refuseClosedFence(context);
    const found: Strictness[] = [];
    for (const keyed of args.tables) found.push(await makeStrict(context, keyed));
    for (const drop of args.drops ?? []) await dropReplaced(context, drop);
    const forgotten = args.members ? await forget(context, args.members.table) : 0;
    return context.commit(async ({ db }) => {
      const checks: Check[] = [];
      for (const { table, column } of args.tables)
        checks.push(strictCheck(table, column, await collectionOptions(db, table), found));
      for (const { table, name } of args.drops ?? [])
        checks.push(
          expectEqual(`${table}: ${name}`, 'gone', (await findIndex(db, table, name)) ? 'still there' : 'gone'),
        );
      return evidenceOf(summaryOf(args, found), checks, { membershipsForgotten: forgotten });
    });
  },
  undo: async () => {
    throw refused('Contract is past the point of no return: what it dropped comes back only from the backup.');
  },
};

/** What a freeze left in the tool's own database goes too, once it is open for good. */
async function refuseClosedFence({ lane, run, outside }: Context): Promise<void> {
  const fence = await new FenceControl(lane, run.home).read();
  if (!fence || fence.run !== run.id) return;
  if (fence.state !== 'open' || !fence.settled)
    throw refused(
      `The fence of ${run.home} is ${fence.state}${fence.settled ? '' : ' and not settled'}, so this run's cutover is not over; \`cutover fence open\` opens it, then \`cutover retry\`.`,
    );
  await outside(async () =>
    lane
      .collection<{ _id: string; run: string; state: string }>('fence')
      .deleteOne({ _id: run.home, run: run.id, state: 'open' }),
  );
}

/** collMod looks at no document that is there: it is asked first how many would fail. */
async function makeStrict(context: Context, { table, column }: Keyed): Promise<Strictness> {
  const current = await context.read((db) => collectionOptions(db, table));
  if (!current) throw refused(`There is no collection ${table} any more; put it back, then \`cutover retry\`.`);
  context.progress({ doing: `counting documents of ${table} that a strict validator would refuse` });
  const missing = await count(context, table, missingKey(column));
  if (missing > 0)
    throw refused(
      `${missing} documents of ${table} are without ${column}: a strict validator would refuse every change to them. Find who writes them, stamp them, then \`cutover retry\`.`,
    );
  const wanted = strictValidation(current, column);
  const others = await count(context, table, { $nor: [wanted.validator ?? {}] });
  const strict = others === 0 || current.validationLevel === 'strict';
  await context.outside((db) => putValidator(db, table, strict ? wanted : { ...wanted, validationLevel: 'moderate' }));
  return { table, strict, others };
}

async function count(
  { read }: Context,
  table: string,
  filter: Parameters<ReturnType<Db['collection']>['countDocuments']>[0],
): Promise<number> {
  return read((db) => db.collection(table).countDocuments(filter, { maxTimeMS: COUNT_MS }));
}

/** Only where one that is unique over the same fields and the key does its work. */
async function dropReplaced(context: Context, { table, name }: Replaced): Promise<void> {
  const indexes = await context.read((db) => listIndexes(db, table));
  const old = indexes.find((index) => index.name === name);
  if (!old) return;
  const columns = context.args.tables.filter((t) => t.table === table).map((t) => t.column);
  if (!indexes.some((index) => replaces(index, old, columns)))
    throw refused(
      `${name} of ${table} ${definitionText(old)} is not dropped: no other index keeps its fields together with ${columns.join(', ') || 'the tenant key'} as it does. Build it, then \`cutover retry\`.`,
    );
  await context.outside((db) => dropIndex(db, table, name));
}

function replaces(index: FoundIndex, old: FoundIndex, columns: readonly string[]): boolean {
  const fields = Object.keys(index.key);
  const needed = [...Object.keys(old.key), ...columns];
  return (
    index.name !== old.name &&
    !index.building &&
    (index.unique || !old.unique) &&
    needed.every((field) => fields.includes(field))
  );
}

/** From here on nobody will ask which memberships this run made. */
async function forget({ lane, run, outside }: Context, table: string): Promise<number> {
  return outside(async () => forgetInserted(lane, run.id, table));
}

function strictCheck(
  table: string,
  column: string,
  now: CollectionOptions | undefined,
  found: readonly Strictness[],
): Check {
  const level = found.find((f) => f.table === table)?.strict === false ? 'moderate' : 'strict';
  const asks = holdsRequiredKey(now?.validator, column) ? `asks for ${column}` : `does not ask for ${column}`;
  return expectEqual(
    `${table}: validator`,
    `asks for ${column}, ${level}, error`,
    now ? `${asks}, ${now.validationLevel ?? 'strict'}, ${now.validationAction ?? 'error'}` : 'missing',
  );
}

function summaryOf({ drops }: Context['args'], found: readonly Strictness[]): string {
  const lenient = found.filter(({ strict }) => !strict);
  const kept = lenient.map(
    ({ table, others }) => `${table} stays moderate: ${others} documents fail the application's own validator`,
  );
  const dropped = drops?.length ? `; dropped ${drops.map(({ name }) => name).join(', ')}` : '';
  return `${found.length - lenient.length} validators are strict${kept.length > 0 ? `, ${kept.join(', ')}` : ''}${dropped}`;
}

const COUNT_MS = 10 * 60_000;
