import { CutoverError, describeError } from '../../../src/core/failure';
import type { RunRef } from '../../../src/core/verb';
import type { PostgresTarget, Resources, Store } from '../../resources';
import { roomFindings } from '../../backup/room';
import { readOwned, readOwners, readRolesInUse } from '../backup/inventory';
import { drillName } from '../backup/names';
import { missingExtensions, objectionsToOwners, objectionsToScratch } from '../backup/scratch';
import type { PgSession } from '../context';
import { withLink } from '../link';
import { findProgram } from '../../backup/find-program';
import { findPgTool, tooNewToRestore } from '../tools';
import { check, type Findings } from '../../findings';

/** The programs of the backup, and room for what they write. */
export async function toolFindings(
  resources: Resources,
  store: Store,
  session: PgSession,
  major: number,
): Promise<Findings> {
  const problems: string[] = [];
  const versions: string[] = [];
  for (const name of ['pg_dump', 'pg_restore'] as const) {
    const found = await findPgTool({ name, atLeastMajor: major, bin: resources.postgresBin }).catch((error: unknown) =>
      describeError(error),
    );
    if (typeof found === 'string') problems.push(found.replace(/\.$/, ''));
    else {
      versions.push(found.version);
      const tooNew = name === 'pg_restore' ? tooNewToRestore(found.major, major) : undefined;
      if (tooNew !== undefined) problems.push(tooNew);
    }
  }
  const [size] = await session.query<{ bytes: string }>('SELECT pg_database_size(current_database())::text AS bytes');
  const room = await roomFindings(store, Number(size?.bytes ?? 0));
  return {
    checks: [
      check('dump programs', `pg_dump and pg_restore of ${major} or newer`, problems, versions.join(', ')),
      ...room.checks,
    ],
    warnings: [
      ...((await findProgram('zstd'))
        ? []
        : ["zstd is not on the worker: the backup takes pg_dump's gzip, which is several times slower"]),
      "the free disk of the database server cannot be asked by SQL: look at it by hand (the key's indexes need room, and so does WAL)",
    ],
    ...(room.figures ? { figures: room.figures } : {}),
  };
}

export interface ScratchQuestion {
  readonly resources: Resources;
  readonly run: RunRef;
  readonly scratch: PostgresTarget;
  readonly signal: AbortSignal;
}

/** Whether the drill will find a database that it may empty and that can take this one's owners, grants and extensions. */
export async function scratchFindings(question: ScratchQuestion, home: PgSession): Promise<Findings> {
  const { run, scratch, signal } = question;
  const roles = {
    owners: await readOwners(home, ['cutover']),
    rolesInUse: await readRolesInUse(home, ['cutover']),
    ownedBy: (strangers: readonly string[]) => readOwned(home, strangers, ['cutover']),
  };
  const extensions = await home.query<{ name: string }>(
    `SELECT extname AS name FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql'`,
  );
  const options = { applicationName: drillName(run), readOnly: true, signal };
  const problems = await reachable(() =>
    withLink(scratch, options, async (session) => [
      ...(await objectionsToScratch(question.resources, { run, scratch, session, signal })).map(
        (o) => `${o}; give an empty database of its own as "${scratch.name}" in cutover.config.yaml`,
      ),
      ...(await objectionsToOwners(session, roles)),
      ...(await missingExtensions(
        session,
        extensions.map(({ name }) => name),
      )),
    ]),
  );
  return { checks: [check('scratch', `"${scratch.name}" is a database of its own that a drill may empty`, problems)] };
}

/** The application's own role: probes as a role with more rights would pass vacuously. */
export async function appRoleFindings(
  question: Omit<ScratchQuestion, 'scratch'>,
  home: PostgresTarget,
  tables: readonly string[],
): Promise<Findings> {
  const { run, signal } = question;
  if (!home.probeAs) {
    return {
      checks: [
        check('application role', `probeAs of "${home.name}"`, [
          `"${home.name}" has no probeAs; give the connection string of the application's own role in cutover.config.yaml`,
        ]),
      ],
    };
  }
  const asked: { warning?: string; name?: string } = {};
  const problems = await reachable(() =>
    withLink(home, { applicationName: drillName(run), asApp: true, signal }, async (session) => {
      const [role] = await session.query<AppRole>(APP_ROLE, [tables]);
      if (!role) return ['the server did not say who the application is'];
      asked.name = role.name;
      if (role.creates !== null)
        asked.warning = `the application's role ${role.name} may create objects in schema ${role.creates}; REVOKE CREATE ON SCHEMA ${role.creates} FROM it and from PUBLIC`;
      return [
        ...(role.super
          ? [
              `${role.name} is a superuser: row security and grants prove nothing about it; let the application connect as a role of its own`,
            ]
          : []),
        ...(role.bypass ? [`${role.name} has BYPASSRLS; ALTER ROLE ${role.name} NOBYPASSRLS`] : []),
        ...(role.owns === null
          ? []
          : [
              `${role.name} owns, or is a member of the owner of, ${role.owns}: it could change the schema under the run; let the application connect as a role with DML only`,
            ]),
        ...(role.create ? [`${role.name} has CREATE on the database; REVOKE it`] : []),
        ...(role.blind === null
          ? []
          : [`${role.name} may not read ${role.blind}: it is hardly the role the application uses; correct probeAs`]),
      ];
    }),
  );
  return {
    checks: [check('application role', 'connects, and has rows to read but no schema to change', problems, asked.name)],
    ...(asked.warning ? { warnings: [asked.warning] } : {}),
  };
}

interface AppRole {
  readonly name: string;
  readonly super: boolean;
  readonly bypass: boolean;
  readonly create: boolean;
  readonly owns: string | null;
  readonly creates: string | null;
  readonly blind: string | null;
}

/** Not reachable is what is observed here; anything else that goes wrong is an error. */
async function reachable(ask: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof CutoverError && error.type === 'Unavailable') return [error.message];
    throw error;
  }
}

const APP_ROLE = `
WITH t AS (SELECT c.oid, c.relname, c.relowner, n.oid AS schema, n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname || '.' || c.relname = ANY ($1::text[]))
SELECT quote_ident(r.rolname) AS name, r.rolsuper AS super, r.rolbypassrls AND NOT r.rolsuper AS bypass,
       NOT r.rolsuper AND has_database_privilege(current_database(), 'CREATE') AS create,
       (SELECT string_agg(t.relname, ', ' ORDER BY t.relname) FROM t WHERE NOT r.rolsuper AND pg_has_role(t.relowner, 'MEMBER')) AS owns,
       (SELECT string_agg(DISTINCT quote_ident(t.nspname), ', ') FROM t WHERE NOT r.rolsuper AND has_schema_privilege(t.schema, 'CREATE')) AS creates,
       (SELECT string_agg(t.relname, ', ' ORDER BY t.relname) FROM t WHERE NOT has_table_privilege(t.oid, 'SELECT')) AS blind
  FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`;
