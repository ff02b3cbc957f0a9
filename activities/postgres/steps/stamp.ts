import { done, evidenceOf, type Evidence } from '../../../src/core/evidence';
import { isLookedUp } from '../../../src/core/tenancy-args';
import { findColumn } from '../catalog';
import type { PgContext, PgStepHandler } from '../context';
import { primaryKey } from '../keyset';
import { refused } from '../pg-error';
import type { PgRule } from '../rules/driver';
import { driverOf } from '../rules/driver-of';
import { predict } from '../rules/predict';
import { sweep, type RuledBy } from '../rules/sweep';
import { walk, within } from '../windows';

type Context = PgContext<'stamp'>;

/** Every row has the key that the rule gives it: recounted, and rows that have none are stamped first. */
export const stampStep: PgStepHandler<'stamp'> = {
  do: async (context) => {
    const { args } = context;
    const rule = await driverOf(context, args.rule, args);
    return isLookedUp(args.rule)
      ? stampByRule(context, { ...args, rule: args.rule }, rule)
      : stampConstant(context, rule);
  },
  undo: async (context) =>
    context.commit(async () =>
      done(`The keys of ${context.args.table} follow a rule: they go with the column, deviations into the archive`),
    ),
};

async function stampConstant(context: Context, rule: PgRule): Promise<Evidence> {
  const { args } = context;
  const tenant = rule.only ?? '';
  const predicted = await context.read((session) => rule.predict(session));
  const stamped = predicted.rows > 0 ? await stamp(context, rule) : 0;
  const checks = await context.read((session) => rule.prove(session));
  const rows = rule.rows();
  return context.commit(async () =>
    evidenceOf(`${args.table}: ${rows} rows, all of tenant ${tenant}; ${stamped} stamped now`, checks, {
      rows,
      stamped,
      tenant,
    }),
  );
}

/** Nothing is stamped before it is known whose every row is. What came behind the windows is swept. */
async function stampByRule(context: Context, of: RuledBy, rule: PgRule): Promise<Evidence> {
  const { args } = context;
  const predicted = await context.capture('predicted', async () => predict(context, of, rule));
  const began = performance.now();
  const inWindows = await stamp(context, rule);
  const ms = Math.round(performance.now() - began);
  const swept = await sweep(context, of);
  const checks = await context.read((session) => rule.prove(session));
  const stamped = inWindows + swept;
  const rows = rule.rows();
  const tenants = Object.keys(predicted.byTenant).length;
  return context.commit(async () =>
    evidenceOf(
      `${args.table}: ${rows} rows have a key by the rule; ${stamped} stamped now, ${predicted.rows} of ${tenants} tenants predicted`,
      checks,
      { rows, predicted: predicted.rows, tenants, stamped, swept, ms },
    ),
  );
}

async function stamp(context: Context, rule: PgRule): Promise<number> {
  const { args } = context;
  const column = await context.read((session) => findColumn(session, args.table, args.column));
  if (!column) throw refused(`${args.table} has no column ${args.column}; the step that adds it has not run.`);
  const keyset = await context.read((session) => primaryKey(session, args.table));
  let stamped = 0;
  await walk(context, { keyset, size: WINDOW, doing: `stamping ${args.table}` }, async (tx, window) => {
    const range = within(keyset, window, 't', 1);
    stamped += await rule.apply(tx, { ...range, type: column.type });
  });
  return stamped;
}

const WINDOW = 5_000;
