import type { StepArgs } from '../../../src/core/step';
import { ident, qualified } from '../identifiers';
import { withoutMembershipSql } from './members';
import { recountSql } from './stamp';
import { reading, type StepStatements } from './statement';

/** What is asked, once as owner and once as the application. */
export function recountStatements(args: StepArgs['recount']): StepStatements {
  return {
    forward: [
      { sql: registrySql(args.registry), lock: reading(args.registry.table) },
      ...args.tables.map((t) => ({ sql: recountSql(t), lock: reading(t.table) })),
      ...(args.members ? [{ sql: withoutMembershipSql(args.members), lock: reading(args.members.from.table) }] : []),
    ],
    back: [],
  };
}

export function registrySql(registry: StepArgs['recount']['registry']): string {
  return `SELECT ${ident(registry.id)}::text AS id FROM ${qualified(registry.table)}`;
}
