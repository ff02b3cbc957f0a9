import type { Membership } from '../../../src/core/step';
import { ident, literal, qualified } from '../identifiers';
import { commentOn } from '../marker';
import { memberNames } from '../names';
import {
  asOwner,
  drains,
  exclusive,
  NO_LOCK,
  reading,
  type Given,
  type Statement,
  type StepStatements,
} from './statement';
import { triggerFunction } from './key';

/** A membership for every user: those to come by a trigger, those that are there by a walk. */
export function memberStatements(args: Membership, given: Given): StepStatements {
  return {
    forward: [
      asOwner(given.owner),
      ...joinTrigger(args, given.marker),
      {
        sql: joinWindowSql(args, '<window of the primary key>'),
        lock: `FOR KEY SHARE on the users of one window: a delete of one of them waits, milliseconds`,
      },
      { sql: withoutMembershipSql(args), lock: reading(args.from.table) },
    ],
    back: dropJoinTrigger(args),
  };
}

/** In the transaction of the user's own insert: there is never a user without membership. */
export function joinTrigger(args: Membership, marker: string): readonly Statement[] {
  const names = memberNames(args);
  const users = qualified(args.from.table);
  const body = `BEGIN
  INSERT INTO ${qualified(args.table)} (${columns(args)})
  VALUES (NEW.${ident(args.from.column)}, NEW.${ident(args.from.key)}, ${literal(args.role)}) ON CONFLICT DO NOTHING;
  RETURN NULL;
END`;
  const trigger = ident(names.trigger);
  const lock = drains(args.from.table);
  return [
    { sql: triggerFunction(names.function, body), lock: NO_LOCK },
    { sql: commentOn(`FUNCTION ${qualified(names.function)}()`, marker), lock: NO_LOCK },
    {
      sql: `CREATE TRIGGER ${trigger} AFTER INSERT ON ${users} FOR EACH ROW WHEN (NEW.${ident(args.from.key)} IS NOT NULL) EXECUTE FUNCTION ${qualified(names.function)}()`,
      lock,
    },
    { sql: `ALTER TABLE ${users} ENABLE ALWAYS TRIGGER ${trigger}`, lock },
    { sql: commentOn(`TRIGGER ${trigger} ON ${users}`, marker), lock },
  ];
}

/**
 * One window of users. FOR KEY SHARE: a user who is deleted meanwhile is skipped, not joined again after his row is gone.
 */
export function joinWindowSql(args: Membership, range: string): string {
  const user = `u.${ident(args.from.column)}`;
  const key = `u.${ident(args.from.key)}`;
  return `INSERT INTO ${qualified(args.table)} (${columns(args)})
SELECT id, tenant, ${literal(args.role)} FROM (
  SELECT ${user} AS id, ${key} AS tenant FROM ${qualified(args.from.table)} u
   WHERE ${range} AND ${key} IS NOT NULL AND ${missing(args)}
   FOR KEY SHARE OF u) AS s
ON CONFLICT DO NOTHING`;
}

/** Users and those of them without a membership in their tenant, in one snapshot. */
export function withoutMembershipSql(args: Membership): string {
  return `SELECT count(*) AS users, count(*) FILTER (WHERE ${missing(args)}) AS missing FROM ${qualified(args.from.table)} u`;
}

export function dropJoinTrigger(args: Membership): readonly Statement[] {
  const names = memberNames(args);
  return [
    {
      sql: `DROP TRIGGER IF EXISTS ${ident(names.trigger)} ON ${qualified(args.from.table)}`,
      lock: exclusive(args.from.table),
    },
    { sql: `DROP FUNCTION IF EXISTS ${qualified(names.function)}()`, lock: NO_LOCK },
  ];
}

function missing(args: Membership): string {
  return `NOT EXISTS (SELECT FROM ${qualified(args.table)} m WHERE m.${ident(args.user)} = u.${ident(args.from.column)} AND m.${ident(args.tenant)} = u.${ident(args.from.key)})`;
}

function columns(args: Membership): string {
  return [args.user, args.tenant, args.roleColumn].map(ident).join(', ');
}
