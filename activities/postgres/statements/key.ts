import type { StepArgs } from '../../../src/core/step';
import { archiveWindowSql, columnValue, compareArchiveSql } from '../archive';
import { dollarQuoted, ident, literal, qualified } from '../identifiers';
import type { Keyset } from '../keyset';
import { commentOn } from '../marker';
import { keyNames } from '../names';
import { LOCKED_NOW } from '../together';
import { deviatesSql, ruledOf, tenantSql, type Ruled } from './rule';
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

type KeyArgs = StepArgs['key'];

/** Everything that adds the tenant key to one table, and takes it away again. */
export function keyStatements(args: KeyArgs, given: Given): StepStatements {
  const tenant = args.rule ? ruledOf(args, args.rule, given.value) : given.value(args.tenant);
  const differing = differs(args, tenant, { table: args.table, columns: [{ name: 'primary key', type: 'type' }] });
  return {
    forward: [asOwner(given.owner), ...prepareKey(args, given.marker, tenant), ...addKey(args, given.marker, tenant)],
    back: [
      asOwner(given.owner),
      prepareForget(args, given.marker),
      ...forgetKey(args, given.marker),
      { sql: archiveWindowSql(differing, '<window of the primary key>'), lock: reading(args.table) },
      { sql: compareArchiveSql(differing), lock: reading(args.table) },
      ...dropKey(args),
    ],
  };
}

/** Made before the table is locked: a counter, and a function that may stay for good. */
export function prepareKey(args: KeyArgs, marker: string, tenant: TenantOrRule): readonly Statement[] {
  const names = keyNames(args.table, args.column);
  const sequence = qualified(names.sequence);
  const count = `PERFORM nextval(${literal(sequence)}::regclass)`;
  const body =
    typeof tenant === 'string'
      ? `BEGIN
  NEW.${ident(args.column)} := ${literal(tenant)}::${args.type};
  ${count};
  RETURN NEW;
END`
      : stampByRule(args, tenant, count);
  return unlocked([
    `CREATE SEQUENCE ${sequence}`,
    commentOn(`SEQUENCE ${sequence}`, marker),
    triggerFunction(names.stamp.function, body),
    commentOn(`FUNCTION ${qualified(names.stamp.function)}()`, marker),
  ]);
}

/**
 * From NOT NULL on, a row that moves to where the rule cannot tell keeps its tenant: the application of the new shape says
 * whose a row is, and must not be refused for what a table of the old one no longer holds.
 */
function stampByRule(args: KeyArgs, ruled: Ruled, count: string): string {
  const key = ident(args.column);
  const required = `EXISTS (SELECT FROM pg_attribute WHERE attrelid = TG_RELID AND attname = ${literal(args.column)} AND attnotnull)`;
  return `BEGIN
  NEW.${key} := ${tenantSql(ruled, `NEW.${ident(ruled.rule.by)}`)};
  IF TG_OP = 'INSERT' THEN
    ${count};
  ELSIF NEW.${key} IS NULL AND ${required} THEN
    NEW.${key} := OLD.${key};
  END IF;
  RETURN NEW;
END`;
}

/** One message under one lock. The constant default stamps every row without touching one; by a rule the column begins empty. */
export function addKey(args: KeyArgs, marker: string, tenant: TenantOrRule): readonly Statement[] {
  const { stamp } = keyNames(args.table, args.column);
  const table = qualified(args.table);
  const column = ident(args.column);
  const added =
    typeof tenant === 'string'
      ? [
          `ALTER TABLE ${table} ADD COLUMN ${column} ${args.type} DEFAULT ${literal(tenant)}::${args.type}`,
          `ALTER TABLE ${table} ALTER COLUMN ${column} DROP DEFAULT`,
        ]
      : [`ALTER TABLE ${table} ADD COLUMN ${column} ${args.type}`];
  return [
    { sql: `LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`, lock: exclusive(args.table) },
    { sql: LOCKED_NOW, lock: NO_LOCK },
    ...under(args.table, [
      ...added,
      `CREATE TRIGGER ${ident(stamp.trigger)} BEFORE INSERT ON ${table} FOR EACH ROW WHEN (NEW.${column} IS NULL) EXECUTE FUNCTION ${qualified(stamp.function)}()`,
      `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${ident(stamp.trigger)}`,
      commentOn(`COLUMN ${table}.${column}`, marker),
      commentOn(`TRIGGER ${ident(stamp.trigger)} ON ${table}`, marker),
      ...(typeof tenant === 'string' ? [] : followRule(args, tenant, marker)),
    ]),
  ];
}

/** A row that gets another owner gets his tenant, unless the same statement gives it one. */
function followRule(args: KeyArgs, { rule }: Ruled, marker: string): readonly string[] {
  const { stamp, follow } = keyNames(args.table, args.column);
  const [table, by, key] = [qualified(args.table), ident(rule.by), ident(args.column)];
  return [
    `CREATE TRIGGER ${ident(follow)} BEFORE UPDATE ON ${table} FOR EACH ROW WHEN (OLD.${by} IS DISTINCT FROM NEW.${by} AND NEW.${key} IS NOT DISTINCT FROM OLD.${key}) EXECUTE FUNCTION ${qualified(stamp.function)}()`,
    `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${ident(follow)}`,
    commentOn(`TRIGGER ${ident(follow)} ON ${table}`, marker),
  ];
}

/** The function that keeps the key from being written. */
export function prepareForget(args: KeyArgs, marker: string): Statement {
  const { forget } = keyNames(args.table, args.column);
  const column = ident(args.column);
  const body = `BEGIN
  IF TG_OP = 'INSERT' THEN NEW.${column} := NULL; ELSE NEW.${column} := OLD.${column}; END IF;
  RETURN NEW;
END`;
  const create = triggerFunction(forget.function, body);
  return { sql: `${create};\n${commentOn(`FUNCTION ${qualified(forget.function)}()`, marker)}`, lock: NO_LOCK };
}

/** Swaps the triggers: from the commit on the key has a fixed value in every row. */
export function forgetKey(args: KeyArgs, marker: string): readonly Statement[] {
  const { stamp, forget } = keyNames(args.table, args.column);
  const table = qualified(args.table);
  return [
    { sql: `LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`, lock: `${exclusive(args.table)}; ${drains(args.table)}` },
    { sql: LOCKED_NOW, lock: NO_LOCK },
    ...under(args.table, [
      `ALTER TABLE ${table} ALTER COLUMN ${ident(args.column)} DROP NOT NULL`,
      `DROP TRIGGER IF EXISTS ${ident(stamp.trigger)} ON ${table}`,
      ...(args.rule ? [unfollowSql(args)] : []),
      `CREATE TRIGGER ${ident(forget.trigger)} BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${qualified(forget.function)}()`,
      `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${ident(forget.trigger)}`,
      commentOn(`TRIGGER ${ident(forget.trigger)} ON ${table}`, marker),
    ]),
  ];
}

export function dropKey(args: KeyArgs): readonly Statement[] {
  const names = keyNames(args.table, args.column);
  const table = qualified(args.table);
  return [
    { sql: `LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`, lock: exclusive(args.table) },
    { sql: LOCKED_NOW, lock: NO_LOCK },
    ...under(args.table, [
      `DROP TRIGGER IF EXISTS ${ident(names.forget.trigger)} ON ${table}`,
      `DROP TRIGGER IF EXISTS ${ident(names.stamp.trigger)} ON ${table}`,
      ...(args.rule ? [unfollowSql(args)] : []),
      `ALTER TABLE ${table} DROP COLUMN IF EXISTS ${ident(args.column)}`,
      `DROP FUNCTION IF EXISTS ${qualified(names.forget.function)}()`,
      `DROP FUNCTION IF EXISTS ${qualified(names.stamp.function)}()`,
      `DROP SEQUENCE IF EXISTS ${qualified(names.sequence)}`,
    ]),
  ];
}

export function unfollowSql({ table, column }: Pick<KeyArgs, 'table' | 'column'>): string {
  return `DROP TRIGGER IF EXISTS ${ident(keyNames(table, column).follow)} ON ${qualified(table)}`;
}

/** The rows whose key the rule does not give again: what the undo archives, by primary key. */
export function differs(args: Pick<KeyArgs, 'column' | 'type'>, tenant: TenantOrRule, keyset: Keyset) {
  return {
    keyset,
    value: columnValue(args.column),
    where:
      typeof tenant === 'string' ? `t.${ident(args.column)} <> ${literal(tenant)}::${args.type}` : deviatesSql(tenant),
  };
}

/** The one tenant of every row, or the rule that tells it row by row. */
export type TenantOrRule = string | Ruled;

/** Runs with its owner's rights and looks nowhere but where it says: the application's role has none on what it uses. */
export function triggerFunction(name: string, body: string): string {
  return `CREATE OR REPLACE FUNCTION ${qualified(name)}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS ${dollarQuoted(body)}`;
}

function unlocked(texts: readonly string[]): readonly Statement[] {
  return texts.map((sql) => ({ sql, lock: NO_LOCK }));
}

function under(table: string, texts: readonly string[]): readonly Statement[] {
  return texts.map((sql) => ({ sql, lock: `under the lock on ${table}` }));
}
