import { done, evidenceOf, type Evidence } from '../../../src/core/evidence';
import type { BeforeOf } from '../before';
import type { MongoContext, MongoStepHandler } from '../context';
import { behindChecks, leftBehind } from '../left-behind';
import { missingKey } from '../missing';
import { predict } from '../predict';
import { START, type Reached } from '../progress-row';
import { absent, type MongoRule, type TenantOf } from '../rules/driver';
import { driverOf, tenantsFor } from '../rules/driver-of';
import { sweepDocuments } from '../rules/sweep';
import { throughWindows } from '../through-windows';
import { unstamp } from '../unstamp';
import { collectionOptions } from '../validator';
import { within } from '../windows';

type Context = MongoContext<'stamp'>;

/**
 * Every document has the key that the rule gives it. Windows for those that never had the field, then sweeps for those
 * that came behind the windows or hold something that is no key. Whoever has a valid key keeps it: a second run never
 * makes another tenant's documents the default tenant's.
 */
export const stampStep: MongoStepHandler<'stamp'> = {
  do: async (context) => {
    const { table } = context.args;
    if (!(await context.read((db) => collectionOptions(db, table))))
      return context.commit(async () => done(`There is no collection ${table}: 0 documents to stamp`, { rows: 0 }));
    return stamp(context);
  },
  undo: async (context) => unstamp(context),
};

async function stamp(context: Context): Promise<Evidence> {
  const { args, lane } = context;
  const { table, column, rule } = args;
  const tenants = await tenantsFor(context, [rule]);
  const before = { lane, run: context.run.id, table };
  const predicted = await context.capture('predicted', async () =>
    predict(context, driverOf(rule, { table, column }, tenants), before),
  );
  const driver = driverOf(rule, { table, column, had: predicted.had }, tenants);
  const left = await context.read((db) => db.collection(table).countDocuments(missingKey(column)));
  const reached = left > 0 ? await windows(context, driver) : START;
  const swept = left > 0 ? await sweep(context, tenants, before) : 0;
  const behind = await context.outside((db) =>
    leftBehind({
      ...{ db, tables: [args], tenants, signal: context.signal, remember: before },
      held: () => context.checkToken(),
    }),
  );
  // The first of them counts to zero, which nobody can while the application writes.
  const byRule = (await context.read((db) => driver.prove(db))).slice(1);
  const checks = [...behindChecks(behind), ...byRule];
  const rows = await context.read((db) => db.collection(table).countDocuments({}));
  const perSecond = reached.ms > 0 ? Math.round((reached.walked / reached.ms) * 1000) : 0;
  return context.commit(async () =>
    evidenceOf(
      `${table}: ${rows} documents have a key; ${reached.stamped + swept} stamped in ${reached.windows} windows and by sweeps, ${predicted.rows} predicted`,
      checks,
      {
        ...{ rows, predicted: predicted.rows, hadKey: predicted.had },
        ...{
          stamped: reached.stamped + swept,
          windows: reached.windows,
          swept,
          ms: reached.ms,
          docsPerSecond: perSecond,
        },
        ...(driver.only === undefined ? {} : { tenant: driver.only }),
      },
    ),
  );
}

async function windows(context: Context, rule: MongoRule): Promise<Reached> {
  const { table, column } = context.args;
  return throughWindows(context, {
    table,
    name: 'windows',
    doing: 'stamping',
    work: (db, window) => rule.apply(db, { within: within(window), still: absent(column) }),
  });
}

async function sweep(context: Context, tenants: TenantOf, before: BeforeOf): Promise<number> {
  const swept = await context.outside(async (db) =>
    sweepDocuments({
      ...{ db, tables: [context.args], tenants, signal: context.signal, remember: before, thorough: true },
      progress: (progress) => context.progress(progress),
      held: () => context.checkToken(),
    }),
  );
  return swept.stamped;
}
