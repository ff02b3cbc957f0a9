import type { StepArgs } from '../../../src/core/step';
import { ident, qualified } from '../identifiers';
import { withoutMembershipSql } from './members';
import { isLookedUp } from '../../../src/core/tenancy-args';
import { proveSql, ruledOf, sweeping } from './rule';
import { recountSql } from './stamp';
import { reading, type Given, type Statement, type StepStatements } from './statement';

/** What is asked, once as owner and once as the application. */
export function recountStatements(args: StepArgs['recount'], given: Given): StepStatements {
  return {
    forward: [
      ...args.tables.flatMap((t) => swept(t, given)),
      { sql: registrySql(args.registry), lock: reading(args.registry.table) },
      ...args.tables.map((t) => ({ sql: recountSql(t), lock: reading(t.table) })),
      ...(args.members ? [{ sql: withoutMembershipSql(args.members), lock: reading(args.members.from.table) }] : []),
    ],
    back: [],
  };
}

/** Of tables with a rule: what came without a key since, then every row recomputed. */
function swept({ table, column, rule }: StepArgs['recount']['tables'][number], given: Given): readonly Statement[] {
  if (!isLookedUp(rule)) return [];
  const ruled = ruledOf({ table, column }, rule, given.value);
  return [sweeping(ruled), { sql: proveSql(ruled), lock: reading(table) }];
}

export function registrySql(registry: StepArgs['recount']['registry']): string {
  return `SELECT ${ident(registry.id)}::text AS id FROM ${qualified(registry.table)}`;
}
