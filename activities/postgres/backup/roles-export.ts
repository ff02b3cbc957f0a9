import { escapeIdentifier, escapeLiteral } from 'pg';
import type { PgSession } from '../context';

/**
 * The server's roles, memberships, settings and this database's grants as statements, without passwords:
 * what pg_dumpall --roles-only would say, which only a superuser may ask.
 */
export async function exportRoles(session: PgSession): Promise<string> {
  const roles = await session.query<Role>(ROLES);
  const members = await session.query<Member>(MEMBERS);
  const grants = await session.query<Grant>(GRANTS);
  return [
    '-- Roles of the server, without passwords. Those that exist already fail here and can be passed over.',
    ...roles.flatMap(roleStatements),
    ...members.map(
      (m) =>
        `GRANT ${escapeIdentifier(m.role)} TO ${escapeIdentifier(m.member)}${m.admin ? ' WITH ADMIN OPTION' : ''};`,
    ),
    '-- On the database; a dump does not have them.',
    ...grants.map(
      (g) =>
        `GRANT ${g.privilege} ON DATABASE ${escapeIdentifier(g.database)} TO ${g.grantee === null ? 'PUBLIC' : escapeIdentifier(g.grantee)}${g.grantable ? ' WITH GRANT OPTION' : ''};`,
    ),
    '',
  ].join('\n');
}

interface Role {
  readonly name: string;
  readonly attributes: string;
  readonly settings: readonly string[] | null;
}

interface Member {
  readonly role: string;
  readonly member: string;
  readonly admin: boolean;
}

interface Grant {
  readonly database: string;
  readonly grantee: string | null;
  readonly privilege: string;
  readonly grantable: boolean;
}

function roleStatements(role: Role): readonly string[] {
  const name = escapeIdentifier(role.name);
  return [
    `CREATE ROLE ${name} WITH ${role.attributes};`,
    ...(role.settings ?? []).map((setting) => {
      const at = setting.indexOf('=');
      return `ALTER ROLE ${name} SET ${setting.slice(0, at)} TO ${escapeLiteral(setting.slice(at + 1))};`;
    }),
  ];
}

const flag = (column: string, word: string): string => `CASE WHEN ${column} THEN '${word}' ELSE 'NO${word}' END`;

const ROLES = `
SELECT rolname AS name, rolconfig AS settings,
       concat_ws(' ', ${flag('rolsuper', 'SUPERUSER')}, ${flag('rolinherit', 'INHERIT')}, ${flag('rolcreaterole', 'CREATEROLE')},
                 ${flag('rolcreatedb', 'CREATEDB')}, ${flag('rolcanlogin', 'LOGIN')}, ${flag('rolreplication', 'REPLICATION')},
                 ${flag('rolbypassrls', 'BYPASSRLS')}, CASE WHEN rolconnlimit >= 0 THEN 'CONNECTION LIMIT ' || rolconnlimit END) AS attributes
  FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' ORDER BY rolname`;

const MEMBERS = `
SELECT r.rolname AS role, m.rolname AS member, bool_or(a.admin_option) AS admin
  FROM pg_catalog.pg_auth_members a
  JOIN pg_catalog.pg_roles r ON r.oid = a.roleid JOIN pg_catalog.pg_roles m ON m.oid = a.member
 WHERE m.rolname !~ '^pg_' GROUP BY 1, 2 ORDER BY 1, 2`;

const GRANTS = `
SELECT d.datname AS database, r.rolname AS grantee, g.privilege_type AS privilege, g.is_grantable AS grantable
  FROM pg_catalog.pg_database d, LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) g
  LEFT JOIN pg_catalog.pg_roles r ON r.oid = g.grantee
 WHERE d.datname = current_database() AND g.grantee <> d.datdba ORDER BY 2 NULLS FIRST, 3`;
