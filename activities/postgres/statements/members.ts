import type { Membership } from '../../../src/core/tenancy-args';
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

/** Where the memberships of this run are written down; undefined where the whole table is of this run. */
export type Record = string | undefined;

/**
 * In the transaction of the user's own insert: there is never a user without membership. Where the table was there before
 * the run the application may write it too: then ours comes at the end of the transaction, after its own, and is written down.
 */
export function joinTrigger(args: Membership, marker: string, record?: Record): readonly Statement[] {
  const names = memberNames(args);
  const users = qualified(args.from.table);
  const insert = `INSERT INTO ${qualified(args.table)} (${columns(args)})
  VALUES (NEW.${ident(args.from.column)}, NEW.${ident(args.from.key)}, ${literal(args.role)}) ON CONFLICT DO NOTHING`;
  const stillThere = `EXISTS (SELECT FROM ${users} u WHERE u.${ident(args.from.column)} = NEW.${ident(args.from.column)})`;
  const body =
    record === undefined
      ? `BEGIN
  ${insert};
  RETURN NULL;
END`
      : `BEGIN
  IF ${stillThere} THEN
  ${recording(args, record, insert)};
  END IF;
  RETURN NULL;
END`;
  const trigger = ident(names.trigger);
  const lock = drains(args.from.table);
  const [kind, when] =
    record === undefined ? ['TRIGGER', ''] : ['CONSTRAINT TRIGGER', ' DEFERRABLE INITIALLY DEFERRED'];
  return [
    { sql: triggerFunction(names.function, body), lock: NO_LOCK },
    { sql: commentOn(`FUNCTION ${qualified(names.function)}()`, marker), lock: NO_LOCK },
    {
      sql: `CREATE ${kind} ${trigger} AFTER INSERT ON ${users}${when} FOR EACH ROW WHEN (NEW.${ident(args.from.key)} IS NOT NULL) EXECUTE FUNCTION ${qualified(names.function)}()`,
      lock,
    },
    { sql: `ALTER TABLE ${users} ENABLE ALWAYS TRIGGER ${trigger}`, lock },
    { sql: commentOn(`TRIGGER ${trigger} ON ${users}`, marker), lock },
  ];
}

/**
 * One window of users. FOR KEY SHARE: a user who is deleted meanwhile is skipped, not joined again after his row is gone.
 */
export function joinWindowSql(args: Membership, range: string, record?: Record): string {
  const user = `u.${ident(args.from.column)}`;
  const key = `u.${ident(args.from.key)}`;
  return recording(
    args,
    record,
    `INSERT INTO ${qualified(args.table)} (${columns(args)})
SELECT id, tenant, ${literal(args.role)} FROM (
  SELECT ${user} AS id, ${key} AS tenant FROM ${qualified(args.from.table)} u
   WHERE ${range} AND ${key} IS NOT NULL AND ${missing(args)}
   FOR KEY SHARE OF u) AS s
ON CONFLICT DO NOTHING`,
  );
}

/** The same insert, with what it really inserted written down. Counts the same rows. */
export function recording(args: Membership, record: Record, insert: string): string {
  if (record === undefined) return insert;
  return `WITH joined AS (${insert}
RETURNING ${ident(args.user)} AS user_key, ${ident(args.tenant)} AS tenant_key)
INSERT INTO ${qualified(record)} (user_key, tenant_key) SELECT user_key, tenant_key FROM joined
ON CONFLICT (user_key, tenant_key) DO UPDATE SET tenant_key = EXCLUDED.tenant_key`;
}

/** Types as the table of memberships has them. */
export function createRecord(args: Membership, marker: string, types: { user: string; tenant: string }): Statement[] {
  const record = qualified(memberNames(args).record);
  return [
    {
      sql: `CREATE TABLE ${record} (user_key ${types.user} NOT NULL, tenant_key ${types.tenant} NOT NULL, PRIMARY KEY (user_key, tenant_key))`,
      lock: NO_LOCK,
    },
    { sql: commentOn(`TABLE ${record}`, marker), lock: NO_LOCK },
  ];
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
