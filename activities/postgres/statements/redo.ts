import type { StepArgs } from '../../../src/core/step';
import { ARCHIVE } from '../archive';
import { IN_WINDOW } from '../archives';
import { ident, literal, qualified } from '../identifiers';
import type { Keyset } from '../keyset';
import { NO_LOCK, type Given, type Statement, type StepStatements } from './statement';

type RedoArgs = StepArgs['redo'];
type Keyed = RedoArgs['tables'][number];

/** Rows of the registry, memberships, and the keys of rows that are still there, from the archive of an earlier run. */
export function redoStatements(args: RedoArgs, given: Given): StepStatements {
  const { registry, members } = args;
  const columns = ['<columns of the archived rows>'];
  const rows: Statement[] = [
    { sql: putTenantsSql(registry, columns), lock: NO_LOCK },
    ...(members
      ? [
          {
            sql: putMembersSql({ members, registry, columns }),
            lock: 'FOR KEY SHARE on the users of one window: a delete of one of them waits, milliseconds',
          },
        ]
      : []),
  ];
  const keys = args.tables.map((t) => ({
    sql: putKeysSql({
      keyed: t,
      tenant: given.value(args.tenant),
      keyset: { table: t.table, columns: [{ name: 'primary key', type: '' }] },
      registry,
    }),
    lock: 'the rows of one window whose key is put back: an update of one of them waits, milliseconds',
  }));
  return { forward: [...rows, ...keys], back: [] };
}

/** Parameters as IN_WINDOW. */
export function putTenantsSql(registry: RedoArgs['registry'], columns: readonly string[]): string {
  return `INSERT INTO ${qualified(registry.table)} (${names(columns)}) OVERRIDING SYSTEM VALUE
SELECT ${names(columns, 'r.')} FROM ${ARCHIVE} a, ${row(registry.table, 'a.value')} WHERE ${IN_WINDOW}
ON CONFLICT DO NOTHING`;
}

/** The row that this run itself put there: as it was in the end. Parameters $1 run, $2 table, $3 its id. */
export function mendTenantSql(registry: RedoArgs['registry'], columns: readonly string[]): string {
  const others = columns.filter((c) => c !== registry.id);
  return `UPDATE ${qualified(registry.table)} t SET (${names(others)}) = ROW(${names(others, 'r.')})
  FROM ${ARCHIVE} a, ${row(registry.table, 'a.value')}
 WHERE a.run_id = $1 AND a.table_name = $2 AND a.value ->> ${literal(registry.id)} = $3 AND t.${ident(registry.id)} = r.${ident(registry.id)}
   AND to_jsonb(t) <> to_jsonb(r)`;
}

export interface PutMembers {
  readonly members: NonNullable<RedoArgs['members']>;
  readonly registry: RedoArgs['registry'];
  readonly columns: readonly string[];
}

/** Only of users and tenants that are there. Parameters as IN_WINDOW. */
export function putMembersSql({ members, registry, columns }: PutMembers): string {
  const { from } = members;
  return `INSERT INTO ${qualified(members.table)} (${names(columns)}) OVERRIDING SYSTEM VALUE
SELECT ${names(columns, 'r.')} FROM ${ARCHIVE} a CROSS JOIN LATERAL ${row(members.table, 'a.value')}
  JOIN ${qualified(from.table)} u ON u.${ident(from.column)} = r.${ident(members.user)}
  JOIN ${qualified(registry.table)} o ON o.${ident(registry.id)} = r.${ident(members.tenant)}
 WHERE ${IN_WINDOW}
   FOR KEY SHARE OF u
ON CONFLICT DO NOTHING`;
}

export interface PutKeys {
  readonly keyed: Keyed;
  /** The default tenant: what has another key by now keeps it. */
  readonly tenant: string;
  readonly keyset: Keyset;
  readonly registry: RedoArgs['registry'];
}

/** Guarded: only rows that still have the rule's key. Parameters as IN_WINDOW. */
export function putKeysSql({ keyed, tenant, keyset, registry }: PutKeys): string {
  const key = ident(keyed.column);
  return `UPDATE ${qualified(keyed.table)} t SET ${key} = r.${key}
  FROM ${ARCHIVE} a CROSS JOIN LATERAL ${row(keyed.table, 'a.pk || a.value')}
 WHERE ${IN_WINDOW} AND ${same(keyset)} AND t.${key} = ${literal(tenant)}::${keyed.type} AND r.${key} <> t.${key}
   AND EXISTS (SELECT FROM ${qualified(registry.table)} o WHERE o.${ident(registry.id)} = r.${key})`;
}

/** What became of every archived key, per tenant. Parameters $1 run, $2 table. */
export function countKeysSql({ keyed, keyset, registry }: Omit<PutKeys, 'tenant'>): string {
  const key = ident(keyed.column);
  const there = keyset.columns.map((c) => `t.${ident(c.name)} IS NOT NULL`).join(' AND ');
  const known = `EXISTS (SELECT FROM ${qualified(registry.table)} o WHERE o.${ident(registry.id)} = r.${key})`;
  return `SELECT r.${key}::text AS tenant, count(*) FILTER (WHERE t.${key} = r.${key}) AS restored, count(*) FILTER (WHERE NOT (${there})) AS gone,
       count(*) FILTER (WHERE ${there} AND t.${key} IS DISTINCT FROM r.${key} AND ${known}) AS differing,
       count(*) FILTER (WHERE ${there} AND t.${key} IS DISTINCT FROM r.${key} AND NOT ${known}) AS tenantless,
       (array_agg(a.pk::text ORDER BY a.pk) FILTER (WHERE NOT (${there})))[1:5] AS "goneKeys"
  FROM ${ARCHIVE} a CROSS JOIN LATERAL ${row(keyed.table, 'a.pk || a.value')}
  LEFT JOIN ${qualified(keyed.table)} t ON ${same(keyset)}
 WHERE a.run_id = $1 AND a.table_name = $2 GROUP BY 1`;
}

/** What became of every archived row of a table. Parameters $1 run, $2 table. `by` are the columns that make two rows the same. */
export function countRowsSql(what: {
  readonly table: string;
  readonly by: readonly string[];
  readonly gone?: string;
}): string {
  const on = what.by.map((c) => `t.${ident(c)} = r.${ident(c)}`).join(' AND ');
  const there = what.by.map((c) => `t.${ident(c)} IS NOT NULL`).join(' AND ');
  const gone = what.gone ?? 'false';
  return `SELECT count(*) FILTER (WHERE ${there} AND to_jsonb(t) || a.value = to_jsonb(t)) AS restored, count(*) FILTER (WHERE NOT (${there}) AND ${gone}) AS gone,
       count(*) FILTER (WHERE ${there} AND to_jsonb(t) || a.value <> to_jsonb(t)) AS differing, count(*) FILTER (WHERE NOT (${there}) AND NOT (${gone})) AS missing,
       (array_agg(a.pk::text ORDER BY a.pk) FILTER (WHERE NOT (${there}) AND ${gone}))[1:5] AS "goneKeys"
  FROM ${ARCHIVE} a CROSS JOIN LATERAL ${row(what.table, 'a.value')} LEFT JOIN ${qualified(what.table)} t ON ${on}
 WHERE a.run_id = $1 AND a.table_name = $2`;
}

/** SQL condition on an archived membership `r`: its user is gone. */
export function userGone({ from, user }: NonNullable<RedoArgs['members']>): string {
  return `NOT EXISTS (SELECT FROM ${qualified(from.table)} u WHERE u.${ident(from.column)} = r.${ident(user)})`;
}

/** The archived value as a row of the table as it is now. */
function row(table: string, value: string): string {
  return `jsonb_populate_record(NULL::${qualified(table)}, ${value}) r`;
}

function same(keyset: Keyset): string {
  return keyset.columns.map((c) => `t.${ident(c.name)} = r.${ident(c.name)}`).join(' AND ');
}

function names(columns: readonly string[], prefix = ''): string {
  return columns.map((c) => prefix + ident(c)).join(', ');
}
