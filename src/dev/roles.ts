import { createHmac } from 'node:crypto';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';

export interface RolesOptions {
  /** The application's database; created when it is not there. */
  readonly database: string;
  /** The database that cutover restores its drills into. */
  readonly scratch: string;
}

/** Connection strings with passwords: for configuration by environment or file, never for argv, logs or plans. */
export interface RoleUrls {
  /** The neutral admin; owns the application's database. Set-up only. */
  readonly superuser: string;
  /** Owns the tables; loads the legacy schema. */
  readonly owner: string;
  /** The application: reads and writes rows, changes no schema. */
  readonly app: string;
  /** The tool: member of owner, CREATE on the database, pg_read_all_stats, nothing more. */
  readonly cutover: string;
  /** The tool again, on the scratch database. */
  readonly scratch: string;
}

/**
 * Creates the three roles of every example, the application's database and the scratch database, or brings them to this
 * state again. Roles belong to the server: several databases on one server share them and their passwords, which are
 * derived from the superuser's (random) one, so that a second call hands out the same URLs.
 */
export async function createRoles(superuserUrl: string, options: RolesOptions): Promise<RoleUrls> {
  const passwords = passwordsOf(superuserUrl);
  await withClient(superuserUrl, async (client) => {
    // Passwords as literals: neither a failing nor a successful statement of this session goes to the server's log.
    await client.query(`set log_statement = 'none'; set log_min_error_statement = 'panic'`);
    // Test files run side by side, and CREATE ROLE and CREATE DATABASE do not queue: they fail on each other.
    await client.query(`select pg_advisory_lock(hashtext('cutover.dev.roles'))`);
    for (const statement of roleStatements(passwords)) await client.query(statement);
    await createDatabase(client, options.database, 'postgres');
    await createDatabase(client, options.scratch, 'cutover');
    await client.query(`grant create on database ${escapeIdentifier(options.database)} to cutover`);
  });
  await withClient(withDatabase(superuserUrl, options.database), (client) => runAll(client, APP_STATEMENTS));
  await withClient(withDatabase(superuserUrl, options.scratch), (client) => runAll(client, SCRATCH_STATEMENTS));
  const url = (role: RoleName, database: string): string =>
    withDatabase(superuserUrl, database, { user: role, password: passwords[role] });
  return {
    superuser: withDatabase(superuserUrl, options.database),
    owner: url('owner', options.database),
    app: url('app', options.database),
    cutover: url('cutover', options.database),
    scratch: url('cutover', options.scratch),
  };
}

/** The same server, another database, and another user where one is given. */
export function withDatabase(
  url: string,
  database: string,
  login?: { readonly user: string; readonly password: string },
): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(database)}`;
  if (login !== undefined) {
    changed.username = encodeURIComponent(login.user);
    changed.password = encodeURIComponent(login.password);
  }
  return changed.toString();
}

type RoleName = 'owner' | 'app' | 'cutover';
const ROLES: readonly RoleName[] = ['owner', 'app', 'cutover'];

function passwordsOf(superuserUrl: string): Readonly<Record<RoleName, string>> {
  const secret = new URL(superuserUrl).password;
  if (secret === '')
    throw new Error(
      'The superuser URL has no password to derive the roles’ passwords from; start the server with one.',
    );
  const derive = (role: RoleName): string => createHmac('sha256', secret).update(role).digest('base64url');
  return { owner: derive('owner'), app: derive('app'), cutover: derive('cutover') };
}

function roleStatements(passwords: Readonly<Record<RoleName, string>>): readonly string[] {
  const limits = 'login nosuperuser nobypassrls nocreatedb nocreaterole noreplication inherit';
  return [
    ...ROLES.map(
      (role) =>
        `do $$ begin if not exists (select from pg_roles where rolname = '${role}') then create role ${role}; end if; end $$`,
    ),
    ...ROLES.map((role) => `alter role ${role} ${limits} password ${escapeLiteral(passwords[role])}`),
    'grant owner to cutover',
    'grant pg_read_all_stats to cutover',
  ];
}

const APP_STATEMENTS = [
  // Until 14 everybody may create in public.
  'revoke create on schema public from public',
  'grant usage, create on schema public to owner',
  'grant usage on schema public to app',
  'grant select, insert, update, delete on all tables in schema public to app',
  'grant usage, select on all sequences in schema public to app',
  'alter default privileges for role owner in schema public grant select, insert, update, delete on tables to app',
  'alter default privileges for role owner in schema public grant usage, select on sequences to app',
] as const;

/** A restore sets owners and grants as the dump has them: only an owner of `public` may, and a new owner needs CREATE. */
const SCRATCH_STATEMENTS = [
  'alter schema public owner to cutover',
  'revoke create on schema public from public',
  'grant usage, create on schema public to owner',
  'grant usage on schema public to app',
] as const;

async function createDatabase(client: Client, name: string, owner: string): Promise<void> {
  const found = await client.query('select from pg_database where datname = $1', [name]);
  if (found.rowCount === 0)
    await client.query(`create database ${escapeIdentifier(name)} owner ${owner} template template0`);
  else await client.query(`alter database ${escapeIdentifier(name)} owner to ${owner}`);
}

async function runAll(client: Client, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await client.query(statement);
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, application_name: 'cutover-dev' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
