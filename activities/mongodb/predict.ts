import type { Db } from 'mongodb';
import { CutoverError } from '../../src/core/failure';
import type { StepArgs } from '../../src/core/step';
import { lookupOf } from '../../src/core/tenancy-args';
import { describeUnmapped } from '../rule';
import { remember, type BeforeOf } from './before';
import type { MongoContext } from './context';
import { EXACT } from './ids';
import { validKey } from './missing';
import type { MongoRule } from './rules/driver';

/** Captured before the first document is stamped. */
export type Predicted = {
  readonly table: string;
  readonly rows: number;
  readonly byTenant: Readonly<Record<string, number>>;
  /** Documents that had a valid key already: never touched, and the undo leaves theirs. */
  readonly had: number;
};

/**
 * What will be stamped, refused where the rule cannot tell; and which documents have a key already, kept by id, because
 * once the others are stamped nobody could tell them apart.
 */
export async function predict(context: MongoContext<'stamp'>, rule: MongoRule, before: BeforeOf): Promise<Predicted> {
  const { table, column } = context.args;
  context.progress({ doing: `counting what the rule gives ${table}` });
  const { rows, byTenant, unmapped } = await context.read((db) => rule.predict(db));
  if (unmapped.count > 0)
    throw new CutoverError(
      'Refused',
      `The rule cannot tell the tenant of ${describeUnmapped(unmapped)} in ${table}, by ${rule.reads.join(', ')}${sourceOf(context.args)}. Complete it or give the rule an \`otherwise\`, then \`cutover retry\`.`,
    );
  await refuseStrangers(context, [...byTenant.keys()]);
  return { table, rows, byTenant: Object.fromEntries(byTenant), had: await rememberKeys(context, column, before) };
}

/** A tenant that the registry does not have is no gap but a mistake, and no document may get it. */
async function refuseStrangers(context: MongoContext<'stamp'>, tenants: readonly string[]): Promise<void> {
  const { rule, table } = context.args;
  if (rule.kind === 'constant' || !rule.registry) return;
  const { table: registry, id } = rule.registry;
  const known = new Set(
    await context.read((db) => db.collection(registry).distinct(id, { [id]: { $in: [...tenants] } })),
  );
  const strange = tenants.filter((tenant) => !known.has(tenant));
  if (strange.length === 0) return;
  const named = strange.slice(0, 5).map((tenant) => JSON.stringify(tenant));
  throw new CutoverError(
    'Refused',
    `${lookupOf(rule).table} gives documents of ${table} the ${lookupOf(rule).to} ${named.join(', ')}${strange.length > 5 ? ', …' : ''}, which ${registry} does not have. Add ${strange.length === 1 ? 'that tenant' : 'those tenants'} or correct the values, then \`cutover retry\`.`,
  );
}

async function rememberKeys(context: MongoContext<'stamp'>, column: string, before: BeforeOf): Promise<number> {
  return context.read(async (db) => {
    const cursor = db
      .collection(before.table)
      .find(validKey(column), { ...EXACT, projection: { _id: 1, [column]: 1 }, batchSize: BATCH });
    let [had, batch] = [0, [] as { readonly id: unknown; readonly old: unknown }[]];
    const keep = async (): Promise<void> => {
      await remember(before, batch);
      had += batch.length;
      batch = [];
    };
    try {
      for await (const doc of cursor) {
        context.signal.throwIfAborted();
        batch.push({ id: doc._id, old: doc[column] as unknown });
        if (batch.length >= BATCH) await keep();
      }
      await keep();
    } finally {
      await cursor.close().catch(() => undefined);
    }
    return had;
  });
}

/** Of the run's stamping of one collection, whichever step it was; 0 when none was. */
export async function hadBefore(lane: Db, run: string, table: string): Promise<number> {
  const rows = lane
    .collection<{ _id: string; value: string }>('capture')
    .find({ _id: { $gte: `${run}/`, $lt: `${run}0` } });
  for await (const { _id, value } of rows) {
    if (!_id.endsWith('/predicted')) continue;
    const found = JSON.parse(value) as Partial<Predicted>;
    if (found.table === table) return found.had ?? 0;
  }
  return 0;
}

function sourceOf({ rule }: StepArgs['stamp']): string {
  if (rule.kind === 'mapping') return ` (looked up in ${rule.in.table})`;
  return rule.kind === 'walk' ? ` (followed to ${rule.to.table})` : '';
}

const BATCH = 1_000;
