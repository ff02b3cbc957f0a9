import type { StepArgs } from '../../../src/core/step';
import { ident, qualified } from '../identifiers';
import { keyNames } from '../names';
import { unfollowSql } from './key';
import { dropJoinTrigger } from './members';
import { exclusive, NO_LOCK, type Statement, type StepStatements } from './statement';

type RetireArgs = StepArgs['retire'];

/** Contract has no way back. */
export function retireStatements(args: RetireArgs): StepStatements {
  const stays: Statement = { sql: `-- the stamping stays: ${args.keepStamping ?? ''}`, lock: NO_LOCK };
  const drops = [...args.tables.flatMap(dropStamping), ...(args.members ? dropJoinTrigger(args.members) : [])];
  return { forward: args.keepStamping === undefined ? drops : [stays], back: [] };
}

/** The column stays; nobody fills it for those who forget it any more. */
export function dropStamping(keyed: RetireArgs['tables'][number]): readonly Statement[] {
  const names = keyNames(keyed.table, keyed.column);
  return [
    {
      sql: `DROP TRIGGER IF EXISTS ${ident(names.stamp.trigger)} ON ${qualified(keyed.table)}`,
      lock: exclusive(keyed.table),
    },
    ...(keyed.rule ? [{ sql: unfollowSql(keyed), lock: exclusive(keyed.table) }] : []),
    { sql: `DROP FUNCTION IF EXISTS ${qualified(names.stamp.function)}()`, lock: NO_LOCK },
    { sql: `DROP SEQUENCE IF EXISTS ${qualified(names.sequence)}`, lock: NO_LOCK },
  ];
}
