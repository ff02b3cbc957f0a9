import type { FlagSwitch, QueueFreeze } from '../../../src/core/freeze-args';
import { isLookedUp, type Captured, type Membership } from '../../../src/core/tenancy-args';
import { dollarQuoted, ident, literal, qualified } from '../identifiers';
import { dropJoinTrigger, recording } from './members';
import { ruledOf, stampByRuleSql } from './rule';
import { exclusive, NO_LOCK, type Given, type Statement, type StepStatements } from './statement';

export const FIRST_LOCK_AT = 'cutover.first_lock_at';
export const LAST_LOCK_AT = 'cutover.last_lock_at';

/** Sorted, each once: two freezes can never wait for each other, and neither can a freeze and its undo. */
export function lockOrder(args: QueueFreeze): readonly string[] {
  return [...new Set(args.tables.map((t) => t.table))].sort();
}

/**
 * Takes the locks one by one within ONE stall budget: each wait gets what the ones before have left. Whoever queues
 * behind us waits no longer than that, and an application that holds a lock is never made a deadlock's victim.
 */
export function lockAll(tables: readonly string[], stallMs: number): string {
  return `DO ${dollarQuoted(`DECLARE
  target text;
  remaining integer;
  began timestamptz := clock_timestamp();
BEGIN
  FOREACH target IN ARRAY ARRAY[${tables.map((t) => literal(qualified(t))).join(', ')}] LOOP
    remaining := ${Math.floor(stallMs)} - floor(extract(epoch FROM clock_timestamp() - began) * 1000)::integer;
    IF remaining < 1 THEN
      RAISE EXCEPTION 'the stall budget of ${Math.floor(stallMs)} ms was spent before the lock on %', target USING ERRCODE = 'lock_not_available';
    END IF;
    PERFORM set_config('lock_timeout', remaining || 'ms', true);
    EXECUTE 'LOCK TABLE ' || target || ' IN ACCESS EXCLUSIVE MODE';
    IF current_setting('${FIRST_LOCK_AT}', true) IS NULL OR current_setting('${FIRST_LOCK_AT}', true) = '' THEN
      PERFORM set_config('${FIRST_LOCK_AT}', clock_timestamp()::text, true);
    END IF;
  END LOOP;
  PERFORM set_config('${LAST_LOCK_AT}', clock_timestamp()::text, true);
END`)}`;
}

/** Rows that the application wrote without a key since the backfill: found through the index that begins with the key. */
export function sweepRows(table: string, column: string, tenant: string): string {
  return `UPDATE ${qualified(table)} SET ${ident(column)} = ${literal(tenant)} WHERE ${ident(column)} IS NULL`;
}

/** The same, by whatever rule the table has; `tenantOf` says what captures stand for. */
export function sweepTable({ table, column, rule }: Keyed, tenantOf: (captured: Captured) => string): string {
  if (isLookedUp(rule)) return stampByRuleSql(ruledOf({ table, column }, rule, tenantOf), 'true');
  return sweepRows(table, column, tenantOf(rule.tenant));
}

type Keyed = QueueFreeze['tables'][number];

/** Back in the old shape, a row whose tenant the rule cannot tell must be let in again. */
export function unrequire(args: QueueFreeze): readonly string[] {
  return args.tables
    .filter((t) => isLookedUp(t.rule))
    .map((t) => `ALTER TABLE ${qualified(t.table)} ALTER COLUMN ${ident(t.column)} DROP NOT NULL`);
}

/** Users without a membership. Costs a pass over the users, so it runs before the fence; within it only when no trigger joins new users. */
export function sweepMembers(members: Membership, record?: string): string {
  const { table, user, tenant, roleColumn, role, from } = members;
  const insert = `INSERT INTO ${qualified(table)} (${ident(user)}, ${ident(tenant)}, ${ident(roleColumn)})
SELECT u.${ident(from.column)}, u.${ident(from.key)}, ${literal(role)} FROM ${qualified(from.table)} u
WHERE NOT EXISTS (SELECT FROM ${qualified(table)} m WHERE m.${ident(user)} = u.${ident(from.column)})
ON CONFLICT DO NOTHING`;
  return recording(members, record, insert);
}

/**
 * Free, because the CHECK is validated: PostgreSQL takes it as the proof and scans nothing. Two statements: in one, the
 * CHECK is dropped first, whatever the order of the words, and the proof is gone before it is asked for.
 */
export function requireKey(table: string, column: string, check: string): readonly string[] {
  return [
    `ALTER TABLE ${qualified(table)} ALTER COLUMN ${ident(column)} SET NOT NULL`,
    `ALTER TABLE ${qualified(table)} DROP CONSTRAINT IF EXISTS ${ident(check)}`,
  ];
}

export function setFlag(flag: FlagSwitch, value: string): string {
  const { table, keyColumn, valueColumn, key } = flag;
  return `INSERT INTO ${qualified(table)} (${ident(keyColumn)}, ${ident(valueColumn)}) VALUES (${literal(key)}, ${literal(value)})
ON CONFLICT (${ident(keyColumn)}) DO UPDATE SET ${ident(valueColumn)} = EXCLUDED.${ident(valueColumn)}`;
}

export function removeFlag(flag: FlagSwitch): string {
  return `DELETE FROM ${qualified(flag.table)} WHERE ${ident(flag.keyColumn)} = ${literal(flag.key)}`;
}

export function readFlag(flag: FlagSwitch): string {
  return `SELECT ${ident(flag.valueColumn)}::text AS value FROM ${qualified(flag.table)} WHERE ${ident(flag.keyColumn)} = ${literal(flag.key)}`;
}

/** Whether each key is NOT NULL by now. */
export function readRequired(args: QueueFreeze): string {
  const keys = args.tables.map((t) => `(${literal(qualified(t.table))}, ${literal(t.table)}, ${literal(t.column)})`);
  return `SELECT w.name || '.' || w.key AS name, coalesce(a.attnotnull, false) AS required
  FROM (VALUES ${keys.join(', ')}) AS w (quoted, name, key)
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = to_regclass(w.quoted) AND a.attname = w.key AND NOT a.attisdropped`;
}

/** For the offline preview: the same texts in the order in which they are sent. */
export function freezeStatements(args: QueueFreeze, given: Given): StepStatements {
  const locks: Statement = {
    sql: lockAll(lockOrder(args), args.stallMs),
    lock: exclusive(lockOrder(args).join(', '), `from the first lock to COMMIT, at most ${args.budgetMs} ms`),
  };
  const inside = (sql: string): Statement => ({ sql, lock: 'within the locks already held' });
  return {
    forward: [
      ...(args.members
        ? [{ sql: sweepMembers(args.members), lock: 'before the fence: row locks on new memberships only' }]
        : []),
      locks,
      ...args.tables.map((t) => inside(sweepTable(t, given.value))),
      ...args.tables.flatMap((t) => requireKey(t.table, t.column, t.required)).map(inside),
      ...(args.members ? dropJoinTrigger(args.members).map((d) => inside(d.sql)) : []),
      inside(setFlag(args.switch, args.switch.to)),
      { sql: 'COMMIT', lock: NO_LOCK },
    ],
    back: [
      locks,
      ...unrequire(args).map(inside),
      inside(setFlag(args.switch, '<value captured before the switch>')),
      { sql: 'COMMIT', lock: NO_LOCK },
    ],
  };
}
