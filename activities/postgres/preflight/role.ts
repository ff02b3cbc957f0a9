import type { PgSession } from '../context';
import { check, listed, type Findings } from '../../findings';

/** Whether the tool's role may do all that the run and its way back need, and not much more. */
export async function roleFindings(session: PgSession, tables: readonly string[]): Promise<Findings> {
  const [role] = await session.query<RoleRow>(ROLE);
  if (!role) throw new Error('The server did not say who we are; look at its log, then try again.');
  const owners = await session.query<OwnerRow>(OWNERS, [tables]);
  const unreadable = await session.query<{ name: string }>(UNREADABLE);
  const name = role.name;
  return {
    checks: [
      check(
        'pg_read_all_stats',
        'granted',
        role.stats
          ? []
          : [
              `${name} has it not, so transactions of others would look as if they had no age; GRANT pg_read_all_stats TO ${name}`,
            ],
      ),
      check(
        "member of the tables' owners",
        'every one',
        owners
          .filter((o) => !o.member)
          .map((o) => `${name} is no member of ${o.owner}, which owns ${o.tables}; GRANT ${o.owner} TO ${name}`),
      ),
      check(
        'CREATE on the database',
        'granted',
        role.create
          ? []
          : [`${name} may not create the schema cutover; GRANT CREATE ON DATABASE ${role.database} TO ${name}`],
      ),
      check(
        'owners may create and drop',
        'CREATE on the schemas of their tables',
        owners
          .filter((o) => !o.create)
          .map(
            (o) =>
              `${o.owner} may not create in schema ${o.schema}; GRANT USAGE, CREATE ON SCHEMA ${o.schema} TO ${o.owner}`,
          ),
      ),
      check(
        'every table readable',
        'SELECT for the backup',
        unreadable.length === 0
          ? []
          : [
              `${listed(
                unreadable.map((t) => t.name),
                10,
              )} cannot be read by ${name}, so no backup is whole; GRANT SELECT on it, or ${name} its owner's role`,
            ],
      ),
    ],
    warnings: [
      ...(role.super
        ? [`${name} is a superuser: nothing that the server would refuse is refused to the tool; use a role of its own`]
        : []),
      ...(role.bypass && !role.super
        ? [`${name} has BYPASSRLS: its own checks see rows that the owner would not see`]
        : []),
    ],
    figures: { role: name },
  };
}

interface RoleRow {
  readonly name: string;
  readonly database: string;
  readonly super: boolean;
  readonly bypass: boolean;
  readonly stats: boolean;
  readonly create: boolean;
}

interface OwnerRow {
  readonly owner: string;
  readonly schema: string;
  readonly tables: string;
  readonly member: boolean;
  readonly create: boolean;
}

const ROLE = `
SELECT quote_ident(r.rolname) AS name, quote_ident(current_database()) AS database, r.rolsuper AS super, r.rolbypassrls AS bypass,
       pg_has_role(r.oid, 'pg_read_all_stats', 'USAGE') AS stats,
       has_database_privilege(current_database(), 'CREATE') AS create
  FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`;

/** USAGE: inherited, for reading without SET ROLE; MEMBER: for SET ROLE. Both are needed. */
const OWNERS = `
SELECT quote_ident(o.rolname) AS owner, quote_ident(n.nspname) AS schema, string_agg(c.relname, ', ' ORDER BY c.relname) AS tables,
       pg_has_role(o.oid, 'USAGE') AND pg_has_role(o.oid, 'MEMBER') AS member,
       has_schema_privilege(o.oid, n.oid, 'CREATE') AND has_schema_privilege(o.oid, n.oid, 'USAGE') AS create
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_roles o ON o.oid = c.relowner
 WHERE n.nspname || '.' || c.relname = ANY ($1::text[])
 GROUP BY o.oid, o.rolname, n.oid, n.nspname ORDER BY 1, 2`;

const UNREADABLE = `
SELECT format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'cutover')
   AND NOT (has_schema_privilege(n.oid, 'USAGE') AND CASE c.relkind WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT') ELSE has_table_privilege(c.oid, 'SELECT') END)
 ORDER BY 1`;
