import { done, evidenceOf } from '../../../src/core/evidence';
import { findColumn } from '../catalog';
import type { PgContext, PgStepHandler } from '../context';
import { primaryKey } from '../keyset';
import { refused } from '../pg-error';
import { constantRule, type PgRule } from '../constant-rule';
import { walk, within } from '../windows';
import { constantTenant } from '../queue-freeze';

/** Every row has the key that the rule gives it: recounted, and rows that have none are stamped first. */
export const stampStep: PgStepHandler<'stamp'> = {
  do: async (context) => {
    const { args } = context;
    const tenant = await context.captured<string>(constantTenant(args.rule));
    const rule = constantRule(args, tenant);
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
  },
  undo: async (context) =>
    context.commit(async () =>
      done(`The keys of ${context.args.table} follow a rule: they go with the column, deviations into the archive`),
    ),
};

async function stamp(context: PgContext<'stamp'>, rule: PgRule): Promise<number> {
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
