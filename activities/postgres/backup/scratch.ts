import { CutoverError } from '../../../src/core/failure';
import type { RunRef } from '../../../src/core/verb';
import type { PostgresTarget, Resources } from '../../resources';
import type { PgSession } from '../context';
import { fingerprint } from '../fingerprint';
import { ident, literal } from '../identifiers';
import { withLink } from '../link';
import { drillName } from './names';

/** Says that everything in this database may be dropped: without it only an empty database is touched. */
export const MARKER_SCHEMA = 'cutover_drill';

/**
 * What forbids to use this database as scratch; nothing = it may be emptied. Asks all other databases of the worker's
 * config which one they are, so that a second address of the application's own database is seen through.
 *
 * @throws Unavailable when one of them cannot be asked: unproved is refused.
 */
export async function objectionsToScratch(
  resources: Resources,
  input: {
    readonly run: RunRef;
    readonly scratch: PostgresTarget;
    readonly session: PgSession;
    readonly signal: AbortSignal;
  },
): Promise<readonly string[]> {
  const { run, scratch, session, signal } = input;
  const own = await fingerprint(session);
  const objections: string[] = [];
  for (const name of resources.targetNames) {
    const other = resources.target(name);
    if (other.kind !== 'postgres' || name === scratch.name) continue;
    const theirs = await withLink(other, { applicationName: drillName(run), readOnly: true, signal }, fingerprint);
    if (theirs === own) objections.push(`"${scratch.name}" and "${name}" are the same database (${own})`);
  }
  if (run.home === scratch.name) objections.push(`"${scratch.name}" is the home of this run`);
  return [...objections, ...(await foreignContent(session))];
}

async function foreignContent(session: PgSession): Promise<readonly string[]> {
  const [found] = await session.query<{ marked: boolean; home: boolean }>(
    `SELECT to_regnamespace($1) IS NOT NULL AS marked, to_regnamespace('cutover') IS NOT NULL AS home`,
    [MARKER_SCHEMA],
  );
  if (found?.home === true) return ['it holds the schema "cutover", the ledger of some run'];
  if (found?.marked === true) return [];
  const objects = await session.query<{ identity: string }>(
    `SELECT identity FROM (${OBJECTS}) AS objects ORDER BY identity LIMIT 4`,
  );
  if (objects.length === 0) return [];
  return [
    `it holds what no drill has put there (${objects.map((o) => o.identity).join(', ')}${objects.length === 4 ? ', …' : ''})`,
  ];
}

/** Whether a drill has been here. */
export async function isMarked(session: PgSession): Promise<boolean> {
  const [found] = await session.query<{ marked: boolean }>('SELECT to_regnamespace($1) IS NOT NULL AS marked', [
    MARKER_SCHEMA,
  ]);
  return found?.marked === true;
}

/** Drops all that is in it but the schema public itself, the marker, and extensions of somebody else. One transaction. */
export async function emptyScratch(session: PgSession, options: { readonly keepMarker: boolean }): Promise<number> {
  await session.execute('BEGIN');
  try {
    const drops = await session.query<{ statement: string }>(DROPS, [options.keepMarker ? MARKER_SCHEMA : '']);
    for (const { statement } of drops) await session.execute(statement);
    await session.execute('COMMIT');
    return drops.length;
  } catch (cause) {
    await session.execute('ROLLBACK').catch(() => undefined);
    throw new CutoverError(
      'Refused',
      `The scratch database could not be emptied: ${cause instanceof Error ? cause.message : String(cause)}; empty it by hand, or create it anew with the tool's role as its owner.`,
      { cause },
    );
  }
}

export async function markScratch(session: PgSession, run: RunRef): Promise<void> {
  await session.execute(`CREATE SCHEMA IF NOT EXISTS ${MARKER_SCHEMA}`);
  await session.execute(
    `COMMENT ON SCHEMA ${MARKER_SCHEMA} IS ${literal(`cutover empties this database and restores backups into it; last by run ${run.id}`)}`,
  );
}

export interface RestoredRoles {
  /** The restoring role must be a member of each. */
  readonly owners: readonly string[];
  /** These need only exist. */
  readonly rolesInUse: readonly string[];
  /** Names some of what these roles own, where the source can be asked. */
  readonly ownedBy?: (roles: readonly string[]) => Promise<readonly string[]>;
}

/** Why this database could not give restored objects to their owners; nothing = it can. Reads only. */
export async function objectionsToOwners(
  session: PgSession,
  { owners, rolesInUse, ownedBy }: RestoredRoles,
): Promise<readonly string[]> {
  const known = await session.query<{ role: string; member: boolean }>(
    `SELECT rolname AS role, pg_has_role(oid, 'MEMBER') AS member FROM pg_catalog.pg_roles WHERE rolname = ANY ($1)`,
    [rolesInUse],
  );
  const missing = rolesInUse.filter((role) => !known.some((k) => k.role === role));
  if (missing.length > 0)
    return [`the roles ${missing.join(', ')} do not exist on its server (roles.sql of a backup has them)`];
  const strangers = known.filter((k) => !k.member && owners.includes(k.role)).map((k) => k.role);
  if (strangers.length > 0) {
    const owned = (await ownedBy?.(strangers)) ?? [];
    const some = owned.length === 0 ? '' : ` (${owned.slice(0, 3).join(', ')}${owned.length > 3 ? ', …' : ''})`;
    return [
      `the tool's role is no member of ${strangers.join(', ')}, who own something in the backup${some}, so a restore cannot give it back to them (ALTER … OWNER TO a role it is a member of)`,
    ];
  }
  const [database] = await session.query<{ mine: boolean; public: boolean }>(
    `SELECT pg_has_role(d.datdba, 'USAGE') AS mine,
            coalesce((SELECT pg_has_role(n.nspowner, 'USAGE') FROM pg_catalog.pg_namespace n WHERE n.nspname = 'public'), false) AS public
       FROM pg_catalog.pg_database d WHERE d.datname = current_database()`,
  );
  if (database?.mine !== true) return ["the tool's role does not own it (ALTER DATABASE … OWNER TO it)"];
  return database.public ? [] : ["the tool's role does not own its schema public (ALTER SCHEMA public OWNER TO it)"];
}

/** New owners need CREATE where they shall own: a restore gives objects away as their creator. */
export async function prepareOwners(session: PgSession, roles: readonly string[]): Promise<void> {
  const members = await session.query<{ role: string; database: string }>(
    `SELECT rolname AS role, current_database() AS database FROM pg_catalog.pg_roles WHERE rolname = ANY ($1) AND pg_has_role(oid, 'MEMBER')`,
    [roles],
  );
  for (const { role, database } of members) {
    await session.execute(`GRANT USAGE, CREATE ON SCHEMA public TO ${ident(role)}`);
    await session.execute(`GRANT CREATE ON DATABASE ${ident(database)} TO ${ident(role)}`);
  }
}

/** Extensions that a restore would have to create and cannot. */
export async function missingExtensions(session: PgSession, wanted: readonly string[]): Promise<readonly string[]> {
  const rows = await session.query<{ name: string; why: string }>(
    `SELECT w.name, CASE WHEN v.name IS NULL THEN 'not installed on its server' ELSE 'a superuser has to create it there' END AS why
       FROM unnest($1::text[]) AS w (name)
       LEFT JOIN LATERAL (SELECT a.name, bool_or(a.trusted OR NOT a.superuser) AS may
                            FROM pg_catalog.pg_available_extension_versions a WHERE a.name = w.name GROUP BY a.name) AS v ON true
      WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extname = w.name)
        AND (v.name IS NULL OR NOT v.may AND NOT (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user))`,
    [wanted],
  );
  return rows.map(({ name, why }) => `extension ${name}: ${why}`);
}

const USER_SCHEMA = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

/** Not part of an extension, and not of another object, with which it goes. */
const independent = (catalog: string): string =>
  `NOT EXISTS (SELECT FROM pg_catalog.pg_depend x WHERE x.classid = 'pg_catalog.${catalog}'::regclass AND x.objid = o.oid AND x.deptype IN ('e', 'i'))`;

/** Everything that can lie in a schema by itself, as the server names it. */
const objectsOf = (catalog: string, schema: string, condition = 'true'): string => `
  SELECT i.type, i.identity, n.nspname AS schema FROM pg_catalog.${catalog} o JOIN pg_catalog.pg_namespace n ON n.oid = o.${schema},
         LATERAL pg_identify_object('pg_catalog.${catalog}'::regclass, o.oid, 0) i
   WHERE ${USER_SCHEMA} AND ${independent(catalog)} AND ${condition}`;

const OBJECTS = [
  objectsOf('pg_class', 'relnamespace', `o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')`),
  objectsOf('pg_proc', 'pronamespace'),
  objectsOf(
    'pg_type',
    'typnamespace',
    `(o.typtype IN ('e', 'd', 'r') OR EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = o.typrelid AND c.relkind = 'c'))`,
  ),
  objectsOf('pg_operator', 'oprnamespace'),
  objectsOf('pg_opfamily', 'opfnamespace'),
  objectsOf('pg_collation', 'collnamespace'),
  objectsOf('pg_conversion', 'connamespace'),
  objectsOf('pg_ts_config', 'cfgnamespace'),
  objectsOf('pg_ts_dict', 'dictnamespace'),
  objectsOf('pg_statistic_ext', 'stxnamespace'),
].join('\n  UNION ALL');

/** Extensions first, then whole schemas, then what lies in public, then large objects and default privileges. */
const DROPS = `
SELECT statement FROM (
  SELECT 1 AS place, format('DROP EXTENSION IF EXISTS %I CASCADE', e.extname) AS statement
    FROM pg_catalog.pg_extension e WHERE e.extname <> 'plpgsql' AND pg_has_role(e.extowner, 'USAGE')
  UNION ALL
  SELECT 2, format('DROP SCHEMA IF EXISTS %I CASCADE', o.nspname) FROM pg_catalog.pg_namespace o
   WHERE o.nspname !~ '^pg_' AND o.nspname NOT IN ('information_schema', 'public', $1)
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extnamespace = o.oid AND NOT pg_has_role(e.extowner, 'USAGE'))
  UNION ALL
  SELECT 3, format('DROP %s IF EXISTS %s CASCADE', CASE type WHEN 'composite type' THEN 'type' WHEN 'statistics object' THEN 'statistics' ELSE type END, identity)
    FROM (${OBJECTS}) AS objects WHERE schema = 'public'
  UNION ALL
  SELECT 4, format('SELECT lo_unlink(%s)', l.oid) FROM pg_catalog.pg_largeobject_metadata l
  UNION ALL
  SELECT 5, format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I REVOKE ALL ON %s FROM %s', r.rolname, n.nspname,
                   CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' ELSE 'TYPES' END,
                   coalesce((SELECT quote_ident(g.rolname) FROM pg_catalog.pg_roles g WHERE g.oid = a.grantee), 'PUBLIC'))
    FROM pg_catalog.pg_default_acl d JOIN pg_catalog.pg_roles r ON r.oid = d.defaclrole
    JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace AND n.nspname = 'public', LATERAL aclexplode(d.defaclacl) a
) AS drops ORDER BY place, statement`;
