import { lookupOf, type Captured, type LookedUp } from '../../../src/core/tenancy-args';
import { ident, literal, qualified } from '../identifiers';
import type { Statement } from './statement';

/** A table whose rows have several tenants, and the tenant of those that its rule does not find (absent = none). */
export interface Ruled {
  readonly table: string;
  readonly column: string;
  readonly rule: LookedUp;
  readonly otherwise?: string;
}

/** What SQL of a rule needs; `value` says what captures stand for. */
export function ruledOf(
  { table, column }: Pick<Ruled, 'table' | 'column'>,
  rule: LookedUp,
  value: (captured: Captured) => string,
): Ruled {
  return { table, column, rule, ...(rule.otherwise ? { otherwise: value(rule.otherwise) } : {}) };
}

/**
 * The tenant of a row whose looked-up column is `value`, as a scalar subquery: null where the rule cannot tell. One text
 * for the trigger, the windows, the freeze, the proof and the way back, so that they never say two things; `=` has its
 * schema, because the trigger's search_path is not the session's. Two tenants for one value, or one that the registry
 * does not have, is none: a mistake is not defaulted.
 */
export function tenantSql({ rule, otherwise }: Pick<Ruled, 'rule' | 'otherwise'>, value: string): string {
  const to = `m.${ident(lookupOf(rule).to)}`;
  const none = otherwise === undefined ? 'NULL' : literal(otherwise);
  return `(SELECT CASE s.n WHEN 0 THEN ${none} WHEN 1 THEN ${registered(rule)} END FROM (SELECT count(DISTINCT ${to}) AS n, (array_agg(${to}) FILTER (WHERE ${to} IS NOT NULL))[1] AS tenant ${found(rule, value)}) s)`;
}

/** Guarded: a row that has a key keeps it, whoever gave it. `range` is a condition on a row `t`. */
export function stampByRuleSql(args: Ruled, range: string): string {
  return `UPDATE ${qualified(args.table)} t SET ${ident(args.column)} = ${tenantOf(args)} WHERE ${range} AND ${tellable(args)}`;
}

/** As many rows without a key as `limit`, wherever they are; `key` are the columns of the primary key, quoted. */
export function sweepByRuleSql(args: Ruled, key: readonly string[], limit = SWEEP): string {
  const of = (alias: string): string => key.map((c) => `${alias}.${c}`).join(', ');
  const some = `SELECT ${of('t')} FROM ${qualified(args.table)} t WHERE ${tellable(args)} LIMIT ${limit}`;
  return stampByRuleSql(args, `(${of('t')}) IN (${some})`);
}

/** For people who read a preview. */
export function sweeping(args: Ruled): Statement {
  return {
    sql: sweepByRuleSql(args, ['<primary key>']),
    lock: 'rows that came without a key since, a batch at a time: an update of one of them waits, milliseconds',
  };
}

/** Condition on a row `t`: the rule would not give its key again. */
export function deviatesSql(args: Ruled): string {
  const key = `t.${ident(args.column)}`;
  return `${key} IS NOT NULL AND ${key} IS DISTINCT FROM ${tenantOf(args)}`;
}

/** Condition on a row `t`: the rule gives its key again. */
export function followsSql(args: Ruled): string {
  return `t.${ident(args.column)} = ${tenantOf(args)}`;
}

/** Rows without a key by the tenant that they will get: `tenant` (null = the rule cannot tell) and `rows`. */
export function predictSql(args: Ruled): string {
  return `SELECT ${tenantSql(args, 'g.value')}::text AS tenant, sum(g.rows) AS rows FROM (${groups(args, true)}) g GROUP BY 1`;
}

/** Some of the values whose tenant the rule cannot tell, the doubtful first: `value`, and `leads`: where it leads. */
export function unmappedSql(args: Ruled): string {
  const to = `m.${ident(lookupOf(args.rule).to)}`;
  const leads = `(SELECT coalesce(array_agg(DISTINCT ${to}::text) FILTER (WHERE ${to} IS NOT NULL), '{}') ${found(args.rule, 'g.value')})`;
  return `SELECT u.value, u.leads FROM (SELECT g.value::text AS value, g.rows, ${leads} AS leads FROM (${groups(args, true)}) g WHERE ${tenantSql(args, 'g.value')} IS NULL) u
 ORDER BY cardinality(u.leads) DESC, u.rows DESC, u.value LIMIT ${SAMPLES}`;
}

/** Rows by how many tenants their value leads to, where that is not one: `rows`, `none`, `several`, and samples. Asks no registry: its tenants may be still to come. */
export function doubtfulSql(args: Pick<Ruled, 'table' | 'rule'>): string {
  const to = `m.${ident(lookupOf(args.rule).to)}`;
  const by = ident(args.rule.by);
  return `SELECT coalesce(sum(d.rows) FILTER (WHERE d.n = 0), 0) AS none, coalesce(sum(d.rows) FILTER (WHERE d.n > 1), 0) AS several,
       (array_agg(d.value ORDER BY d.rows DESC, d.value) FILTER (WHERE d.n = 0))[1:${SAMPLES}] AS "noneOf",
       (array_agg(d.value ORDER BY d.rows DESC, d.value) FILTER (WHERE d.n > 1))[1:${SAMPLES}] AS "severalOf"
  FROM (SELECT coalesce(g.value::text, 'null') AS value, g.rows, (SELECT count(DISTINCT ${to}) ${found(args.rule, 'g.value')}) AS n
          FROM (SELECT t.${by} AS value, count(*) AS rows FROM ${qualified(args.table)} t GROUP BY 1) g) d WHERE d.n <> 1`;
}

/** Whether the two columns compare, for whoever asks; reads no row. */
export function comparesSql({ table, rule }: Pick<Ruled, 'table' | 'rule'>): string {
  return `SELECT (SELECT count(*) ${found(rule, `t.${ident(rule.by)}`)}) FROM ${qualified(table)} t LIMIT 0`;
}

/**
 * Every row recomputed, in one scan: `rows`, `missing` (no key), `differ` (another than the rule's), samples of both.
 * OFFSET 0 keeps the server from asking for a tenant as often as it is mentioned.
 */
export function proveSql(args: Ruled): string {
  const wrong = 'p.had IS NOT NULL AND p.had IS DISTINCT FROM p.tenant';
  return `SELECT coalesce(sum(p.rows), 0) AS rows,
       coalesce(sum(p.rows) FILTER (WHERE p.had IS NULL), 0) AS missing,
       coalesce(sum(p.rows) FILTER (WHERE ${wrong}), 0) AS differ,
       (array_agg(p.value ORDER BY p.rows DESC, p.value) FILTER (WHERE p.had IS NULL))[1:${SAMPLES}] AS "missingOf",
       (array_agg(p.value ORDER BY p.rows DESC, p.value) FILTER (WHERE ${wrong}))[1:${SAMPLES}] AS "differOf"
  FROM (SELECT coalesce(g.value::text, 'null') AS value, g.had::text AS had, g.rows, ${tenantSql(args, 'g.value')}::text AS tenant
          FROM (${groups(args, false)}) g OFFSET 0) p`;
}

/** `owner_id, looked up in public.owners (id gives tenant)` */
export function ruleText(rule: LookedUp): string {
  if (rule.kind === 'mapping') return `${rule.by}, looked up in ${rule.in.table} (${rule.in.from} gives ${rule.in.to})`;
  return `${rule.by}, followed to ${rule.to.table}.${rule.to.column}`;
}

/** Rows by the value that is looked up and the key that they have: `value`, `had`, `rows`. */
function groups({ table, column, rule }: Ruled, keyless: boolean): string {
  const key = `t.${ident(column)}`;
  const where = keyless ? ` WHERE ${key} IS NULL` : '';
  return `SELECT t.${ident(rule.by)} AS value, ${key} AS had, count(*) AS rows FROM ${qualified(table)} t${where} GROUP BY 1, 2`;
}

function tellable(args: Ruled): string {
  return `t.${ident(args.column)} IS NULL AND ${tenantOf(args)} IS NOT NULL`;
}

function tenantOf(args: Ruled): string {
  return tenantSql(args, `t.${ident(args.rule.by)}`);
}

function found(rule: LookedUp, value: string): string {
  const { table, from } = lookupOf(rule);
  return `FROM ${qualified(table)} m WHERE m.${ident(from)} OPERATOR(pg_catalog.=) ${value}`;
}

function registered({ registry }: LookedUp): string {
  if (!registry) return 's.tenant';
  const id = `o.${ident(registry.id)}`;
  return `(SELECT ${id} FROM ${qualified(registry.table)} o WHERE ${id} OPERATOR(pg_catalog.=) s.tenant)`;
}

/** Values that are named. */
export const SAMPLES = 5;
const SWEEP = 5_000;
