import type { StepArgs } from '../../../src/core/step';
import { ident, literal, qualified } from '../identifiers';
import { isLookedUp, type LookedUp } from '../../../src/core/tenancy-args';
import { predictSql, proveSql, ruledOf, stampByRuleSql, unmappedSql } from './rule';
import { reading, type Given, type StepStatements } from './statement';

type StampArgs = Pick<StepArgs['stamp'], 'table' | 'column'>;

/** Recounts the rule; with a constant key there is nothing to stamp, and this proves it. */
export function stampStatements(args: StepArgs['stamp'], given: Given): StepStatements {
  if (isLookedUp(args.rule)) return byRule(args, args.rule, given);
  const tenant = given.value(args.rule.tenant);
  return {
    forward: [
      { sql: recountSql(args), lock: reading(args.table) },
      {
        sql: stampWindowSql(args, tenant, WINDOW),
        lock: 'rows of one window that have no key yet; only when there are any',
      },
    ],
    back: [],
  };
}

/** Whose every row is, and which of them nobody can tell, before any is stamped; then all of it recomputed. */
function byRule(args: StampArgs, rule: LookedUp, given: Given): StepStatements {
  const ruled = ruledOf(args, rule, given.value);
  return {
    forward: [
      { sql: predictSql(ruled), lock: reading(args.table) },
      { sql: unmappedSql(ruled), lock: reading(args.table) },
      {
        sql: stampByRuleSql(ruled, WINDOW),
        lock: 'rows of one window that have no key yet: an update of one of them waits, milliseconds',
      },
      { sql: proveSql(ruled), lock: reading(args.table) },
    ],
    back: [],
  };
}

const WINDOW = '<window of the primary key>';

/** Rows per key, in one scan: `tenant` (null = no key) and `rows`. */
export function recountSql(args: StampArgs): string {
  return `SELECT ${ident(args.column)}::text AS tenant, count(*) AS rows FROM ${qualified(args.table)} GROUP BY 1`;
}

/** Guarded: a row that has a key keeps it, whoever gave it. */
export function stampWindowSql(args: StampArgs, tenant: string, range: string, type = 'text'): string {
  const column = ident(args.column);
  return `UPDATE ${qualified(args.table)} t SET ${column} = ${literal(tenant)}::${type} WHERE ${range} AND t.${column} IS NULL`;
}
