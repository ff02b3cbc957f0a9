import type { StepArgs } from '../../../src/core/step';
import { ident, literal, qualified } from '../identifiers';
import { reading, type Given, type StepStatements } from './statement';
import { constantTenant } from '../queue-freeze';

type StampArgs = Pick<StepArgs['stamp'], 'table' | 'column'>;

/** Recounts the rule; with a constant key there is nothing to stamp, and this proves it. */
export function stampStatements(args: StepArgs['stamp'], given: Given): StepStatements {
  const tenant = given.value(constantTenant(args.rule));
  return {
    forward: [
      { sql: recountSql(args), lock: reading(args.table) },
      {
        sql: stampWindowSql(args, tenant, '<window of the primary key>'),
        lock: 'rows of one window that have no key yet; only when there are any',
      },
    ],
    back: [],
  };
}

/** Rows per key, in one scan: `tenant` (null = no key) and `rows`. */
export function recountSql(args: StampArgs): string {
  return `SELECT ${ident(args.column)}::text AS tenant, count(*) AS rows FROM ${qualified(args.table)} GROUP BY 1`;
}

/** Guarded: a row that has a key keeps it, whoever gave it. */
export function stampWindowSql(args: StampArgs, tenant: string, range: string, type = 'text'): string {
  const column = ident(args.column);
  return `UPDATE ${qualified(args.table)} t SET ${column} = ${literal(tenant)}::${type} WHERE ${range} AND t.${column} IS NULL`;
}
