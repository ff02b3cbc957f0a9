import { lookupOf } from '../../../src/core/tenancy-args';
import { findColumn, typeName } from '../catalog';
import type { PgSession } from '../context';
import { ident, qualified } from '../identifiers';
import { asOwnerOutside, ownerOf } from '../owner';
import { refused, refusing } from '../pg-error';
import { comparesSql, tenantSql, type Ruled } from '../statements/rule';

/**
 * Whether the trigger of this rule can run in every insert of the application: nothing missing that it reads, with the
 * rights of the table's owner, types that compare, and an index, or each insert would read a whole table.
 *
 * @throws Refused
 */
export async function requireRule(session: PgSession, args: Ruled & { readonly type: string }): Promise<void> {
  const { rule, table } = args;
  await requireLookup(session, args);
  await requireTenants(session, args);
  await requireType(session, args);
  await asOwner(session, args, `SELECT ${tenantSql(args, `t.${ident(rule.by)}`)} FROM ${qualified(table)} t LIMIT 0`);
}

/** What of it can be known before the key is there. */
export async function requireLookup(session: PgSession, args: Pick<Ruled, 'table' | 'rule'>): Promise<void> {
  const { rule, table } = args;
  const { table: where, from } = lookupOf(rule);
  await requireColumn(session, { table, column: rule.by, of: table });
  await requireColumn(session, { table: where, column: from, of: table });
  await requireIndex(session, { table: where, column: from, of: table });
  await asOwner(session, args, comparesSql(args));
}

export async function requireTenants(session: PgSession, args: Pick<Ruled, 'table' | 'rule'>): Promise<void> {
  const { table, to } = lookupOf(args.rule);
  await requireColumn(session, { table, column: to, of: args.table });
}

interface Looked {
  readonly table: string;
  readonly column: string;
  /** The table of the rule. */
  readonly of: string;
}

async function requireColumn(session: PgSession, { table, column, of }: Looked): Promise<void> {
  if (await findColumn(session, table, column)) return;
  throw refused(`The rule of ${of} reads ${table}.${column}, which is not there; correct the plan.`);
}

async function requireIndex(session: PgSession, { table, column, of }: Looked): Promise<void> {
  const [index] = await session.query<{ there: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                     WHERE i.indrelid = to_regclass($1) AND i.indisvalid AND i.indpred IS NULL AND a.attname = $2) AS there`,
    [qualified(table), column],
  );
  if (index?.there) return;
  throw refused(
    `The rule of ${of} looks ${column} up in ${table}, which has no index that begins with it: every insert into ${of} would read all of it. CREATE INDEX CONCURRENTLY ON ${qualified(table)} (${ident(column)}), then \`cutover retry\`.`,
  );
}

/** A tenant that does not fit the key would make inserts fail, so the types must be the same, or never lose anything. */
async function requireType(session: PgSession, args: Ruled & { readonly type: string }): Promise<void> {
  const { rule, table, column, type } = args;
  const { table: where, to } = lookupOf(rule);
  const wanted = await typeName(session, type);
  const given = await typeName(session, (await findColumn(session, where, to))?.type ?? '');
  if (given === wanted) return;
  const [fits] = await session.query<{ fits: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_cast WHERE castsource = to_regtype($1) AND casttarget = to_regtype($2) AND castcontext = 'i') AS fits`,
    [given, wanted],
  );
  if (fits?.fits) return;
  throw refused(
    `The rule of ${table} takes tenants from ${where}.${to}, which is ${given}, and ${column} is ${wanted}; give both one type.`,
  );
}

/** With the rights that the trigger will have. */
async function asOwner(session: PgSession, { table, rule }: Pick<Ruled, 'table' | 'rule'>, sql: string): Promise<void> {
  const owner = await ownerOf(session, table);
  const { table: where, from } = lookupOf(rule);
  await refusing(
    ['42501'],
    `${owner}, the owner of ${table}, may not read what the rule looks up, so that every insert would fail; grant it SELECT`,
    () =>
      refusing(NOT_COMPARABLE, `${table}.${rule.by} and ${where}.${from} do not compare; give both one type`, () =>
        asOwnerOutside(session, table, () => session.query(sql)),
      ),
  );
}

/** No such operator, no common type, no collation that both have. */
const NOT_COMPARABLE = ['42883', '42804', '42P18', '42P21', '42P22'];
