import { done, evidenceOf } from '../../../src/core/evidence';
import { findColumn } from '../catalog';
import type { PgContext, PgStepHandler } from '../context';
import { primaryKey } from '../keyset';
import { refused } from '../pg-error';
import { constantChecks, recountTable } from '../recount-table';
import { stampWindowSql } from '../statements/stamp';
import { walk, within } from '../windows';

/** Every row has the key that the rule gives it: recounted, and rows that have none are stamped first. */
export const stampStep: PgStepHandler<'stamp'> = {
  do: async (context) => {
    const { args } = context;
    const tenant = await context.captured<string>(args.rule.tenant);
    const first = await context.read((session) => recountTable(session, args));
    const stamped = first.withoutKey > 0 ? await stamp(context, tenant) : 0;
    const count = stamped > 0 ? await context.read((session) => recountTable(session, args)) : first;
    return context.commit(async () =>
      evidenceOf(
        `${args.table}: ${count.rows} rows, all of tenant ${tenant}; ${stamped} stamped now`,
        constantChecks(args.table, count, tenant),
        {
          rows: count.rows,
          stamped,
          tenant,
        },
      ),
    );
  },
  undo: async (context) =>
    context.commit(async () =>
      done(`The keys of ${context.args.table} follow a rule: they go with the column, deviations into the archive`),
    ),
};

async function stamp(context: PgContext<'stamp'>, tenant: string): Promise<number> {
  const { args } = context;
  const column = await context.read((session) => findColumn(session, args.table, args.column));
  if (!column) throw refused(`${args.table} has no column ${args.column}; the step that adds it has not run.`);
  const keyset = await context.read((session) => primaryKey(session, args.table));
  let stamped = 0;
  await walk(context, { keyset, size: WINDOW, doing: `stamping ${args.table}` }, async (tx, window) => {
    const range = within(keyset, window, 't', 1);
    stamped += await tx.execute(stampWindowSql(args, tenant, range.sql, column.type), range.values);
  });
  return stamped;
}

const WINDOW = 5_000;
