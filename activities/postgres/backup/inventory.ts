import type { PgSession } from '../context';

/**
 * What a database consists of beside its rows, as sorted lines per kind, such as `public.users owner`. Names, owners,
 * grants and flags only: the text of an expression may change when it is dumped and restored, its meaning does not.
 */
export type Inventory = Readonly<Record<string, readonly string[]>>;

/** Reads it in the session's own snapshot. Schemas of `exclude` and objects of extensions are left out. */
export async function readInventory(session: PgSession, exclude: readonly string[]): Promise<Inventory> {
  const rows = await session.query<{ kind: string; entry: string }>(INVENTORY, [exclude]);
  const kinds = new Map<string, string[]>();
  for (const { kind, entry } of rows) kinds.set(kind, [...(kinds.get(kind) ?? []), entry]);
  return Object.fromEntries(kinds);
}

export interface Difference {
  readonly kind: string;
  readonly missing: readonly string[];
  readonly extra: readonly string[];
}

/** The kinds in which `found` is not `expected`. */
export function compareInventories(expected: Inventory, found: Inventory): readonly Difference[] {
  const kinds = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort();
  return kinds
    .map((kind) => ({
      kind,
      missing: without(expected[kind] ?? [], found[kind] ?? []),
      extra: without(found[kind] ?? [], expected[kind] ?? []),
    }))
    .filter(({ missing, extra }) => missing.length + extra.length > 0);
}

function without(from: readonly string[], taken: readonly string[]): readonly string[] {
  const set = new Set(taken);
  return from.filter((entry) => !set.has(entry));
}

/** Every role that owns or is granted something: must exist wherever this is restored. */
export async function readRolesInUse(session: PgSession, exclude: readonly string[]): Promise<readonly string[]> {
  const rows = await session.query<{ role: string }>(ROLES_IN_USE, [exclude]);
  return rows.map(({ role }) => role);
}

/** The roles that a restore has to give objects to; the restoring role must be a member of each. */
export async function readOwners(session: PgSession, exclude: readonly string[]): Promise<readonly string[]> {
  const rows = await session.query<{ role: string }>(OWNERS, [exclude]);
  return rows.map(({ role }) => role);
}

/** What these roles own, at most four names of it: for whoever has to find out why a stranger is in the way. */
export async function readOwned(
  session: PgSession,
  roles: readonly string[],
  exclude: readonly string[],
): Promise<readonly string[]> {
  const rows = await session.query<{ name: string }>(OWNED, [exclude, roles]);
  return rows.map(({ name }) => name);
}

const own = (catalog: string, alias: string, others = `'e'`): string =>
  `NOT EXISTS (SELECT FROM pg_catalog.pg_depend x WHERE x.classid = 'pg_catalog.${catalog}'::regclass AND x.objid = ${alias}.oid AND x.deptype IN (${others}))`;

const roleName = (oid: string): string => `(SELECT r.rolname FROM pg_catalog.pg_roles r WHERE r.oid = ${oid})`;

/** Left out: what the owner has anyway, and MAINTAIN, which older servers do not know. */
const grants = (acl: string, kind: string, owner: string): string => `
  LATERAL (SELECT CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE ${roleName('g.grantee')} END || ' ' || g.privilege_type
                  || CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS line
             FROM aclexplode(coalesce(${acl}, acldefault(${kind}, ${owner}))) g
            WHERE g.grantee <> ${owner} AND g.privilege_type <> 'MAINTAIN') AS granted`;

/** The schemas of the database, then its relations: shared by all the parts below. */
const SCOPE = `
WITH n AS MATERIALIZED (
  SELECT s.* FROM pg_catalog.pg_namespace s
   WHERE s.nspname !~ '^pg_' AND s.nspname <> 'information_schema' AND s.nspname <> ALL ($1::text[]) AND ${own('pg_namespace', 's')}
), rel AS MATERIALIZED (
  SELECT c.*, format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_catalog.pg_class c JOIN n ON n.oid = c.relnamespace WHERE c.relpersistence <> 't' AND ${own('pg_class', 'c')}
), routine AS MATERIALIZED (
  -- 'i': the constructors of a range type come with it, and belong to the first superuser whoever made it
  SELECT p.*, format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS name
    FROM pg_catalog.pg_proc p JOIN n ON n.oid = p.pronamespace WHERE ${own('pg_proc', 'p', `'e', 'i'`)}
), typ AS MATERIALIZED (
  SELECT t.*, format('%I.%I', n.nspname, t.typname) AS name
    FROM pg_catalog.pg_type t JOIN n ON n.oid = t.typnamespace
   WHERE t.typtype IN ('e', 'd', 'r', 'c') AND ${own('pg_type', 't')}
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid AND c.relkind <> 'c')
)`;

const PARTS: Readonly<Record<string, string>> = {
  // public exists in every database, with whatever owner and grants its creator gave it
  schemas: `SELECT format('%I', nspname) || ' ' || ${roleName('nspowner')} FROM n WHERE nspname <> 'public'`,
  extensions: `SELECT extname FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql'`,
  relations: `SELECT name || ' ' || relkind::text || ' ' || ${roleName('relowner')} FROM rel WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')`,
  'row security': `SELECT name || ' enabled=' || relrowsecurity || ' forced=' || relforcerowsecurity FROM rel WHERE relkind IN ('r', 'p')`,
  columns: `SELECT rel.name || '.' || quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
                   || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END || CASE WHEN a.atthasdef THEN ' default' ELSE '' END
                   || coalesce(' identity ' || nullif(a.attidentity::text, ''), '') || coalesce(' generated ' || nullif(a.attgenerated::text, ''), '')
              FROM rel JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
             WHERE relkind IN ('r', 'p', 'v', 'm', 'f')`,
  // a dump leaves INVALID indexes out
  indexes: `SELECT rel.name || ' on ' || i.indrelid::regclass || ' keys=' || i.indnkeyatts || ' unique=' || i.indisunique
              FROM rel JOIN pg_catalog.pg_index i ON i.indexrelid = rel.oid WHERE i.indisvalid`,
  // 'n' (NOT NULL) has rows since 18 only; the columns tell
  constraints: `SELECT rel.name || ' ' || quote_ident(k.conname) || ' ' || k.contype::text || ' valid=' || k.convalidated
                  FROM rel JOIN pg_catalog.pg_constraint k ON k.conrelid = rel.oid WHERE k.contype <> 'n'`,
  triggers: `SELECT rel.name || ' ' || quote_ident(g.tgname) || ' enabled=' || g.tgenabled::text
               FROM rel JOIN pg_catalog.pg_trigger g ON g.tgrelid = rel.oid WHERE NOT g.tgisinternal`,
  routines: `SELECT name || ' ' || prokind::text || ' definer=' || prosecdef || ' source=' || md5(prosrc) || ' ' || ${roleName('proowner')} FROM routine`,
  types: `SELECT name || ' ' || typtype::text || ' ' || ${roleName('typowner')} FROM typ`,
  labels: `SELECT typ.name || ' ' || quote_literal(l.enumlabel) FROM typ JOIN pg_catalog.pg_enum l ON l.enumtypid = typ.oid`,
  policies: `SELECT rel.name || ' ' || quote_ident(p.polname) || ' ' || p.polcmd::text || ' permissive=' || p.polpermissive
               FROM rel JOIN pg_catalog.pg_policy p ON p.polrelid = rel.oid`,
  'large objects': `SELECT 'count ' || count(*) FROM pg_catalog.pg_largeobject_metadata`,
  'table grants': `SELECT name || ' ' || line FROM rel, ${grants('relacl', `CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char"`, 'relowner')}
                    WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')`,
  'column grants': `SELECT rel.name || '.' || quote_ident(a.attname) || ' ' || line
                      FROM rel JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid AND a.attacl IS NOT NULL, ${grants('a.attacl', `'c'`, 'relowner')}`,
  'routine grants': `SELECT name || ' ' || line FROM routine, ${grants('proacl', `'f'`, 'proowner')}`,
  'schema grants': `SELECT quote_ident(nspname) || ' ' || line FROM n, ${grants('nspacl', `'n'`, 'nspowner')} WHERE nspname <> 'public'`,
};

const INVENTORY = `${SCOPE}
SELECT kind, entry FROM (
${Object.entries(PARTS)
  .map(([kind, sql]) => `  (SELECT '${kind}' AS kind, part.entry FROM (${sql}) AS part (entry))`)
  .join('\n  UNION ALL\n')}
) AS inventory WHERE entry IS NOT NULL ORDER BY kind, entry COLLATE "C"`;

const OWNER_OIDS = `SELECT relowner FROM rel UNION SELECT proowner FROM routine UNION SELECT typowner FROM typ
                 UNION SELECT nspowner FROM n WHERE nspname <> 'public'`;

const OWNERS = `${SCOPE}
SELECT r.rolname AS role FROM pg_catalog.pg_roles r WHERE r.oid IN (${OWNER_OIDS}) ORDER BY 1`;

const OWNED = `${SCOPE}
SELECT o.name FROM (SELECT relowner AS owner, name FROM rel WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
                    UNION ALL SELECT proowner, name FROM routine UNION ALL SELECT typowner, name FROM typ
                    UNION ALL SELECT nspowner, quote_ident(nspname) FROM n WHERE nspname <> 'public') AS o
  JOIN pg_catalog.pg_roles r ON r.oid = o.owner WHERE r.rolname = ANY ($2::text[]) ORDER BY 1 LIMIT 4`;

const ROLES_IN_USE = `${SCOPE}
SELECT DISTINCT r.rolname AS role FROM pg_catalog.pg_roles r
 WHERE r.rolname !~ '^pg_' AND (
       r.oid IN (${OWNER_OIDS})
    OR r.oid IN (SELECT (aclexplode(acl)).grantee FROM (
                   SELECT relacl AS acl FROM rel UNION ALL SELECT proacl FROM routine UNION ALL SELECT nspacl FROM n
                   UNION ALL SELECT a.attacl FROM pg_catalog.pg_attribute a JOIN rel ON rel.oid = a.attrelid
                   UNION ALL SELECT d.defaclacl FROM pg_catalog.pg_default_acl d) AS acls))
 ORDER BY 1`;
