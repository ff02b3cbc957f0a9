import { join } from 'node:path';
import { runOrThrow } from './command';
import type { PostgresBinaries } from './postgres-versions';

export interface PsqlOptions {
  readonly binaries: Pick<PostgresBinaries, 'clients'>;
  /** As whom and where, for example `RoleUrls.owner`. */
  readonly url: string;
  /** A script file, or the script itself. */
  readonly script: { readonly file: string } | { readonly sql: string };
  /** psql variables, used in scripts as `:rows` or `:'name'`. */
  readonly variables?: Readonly<Record<string, string | number>>;
}

/**
 * Runs a psql script as a person would (backslash commands included), stopping at the first error; returns what it
 * printed. For loading legacy schemas and running runbooks literally.
 */
export async function runPsql(options: PsqlOptions): Promise<string> {
  const variables = Object.entries(options.variables ?? {}).flatMap(([name, value]) => ['-v', `${name}=${value}`]);
  const fromFile = 'file' in options.script;
  const result = await runOrThrow(fromFile ? `The script ${options.script.file}` : 'The SQL script', {
    command: join(options.binaries.clients, 'psql'),
    args: ['-X', '--quiet', '-v', 'ON_ERROR_STOP=1', ...variables, '-f', fromFile ? options.script.file : '-'],
    input: fromFile ? undefined : options.script.sql,
    env: { PATH: process.env.PATH, ...connectionEnv(options.url) },
  });
  return result.stdout;
}

/** A connection string as libpq's environment variables: argv is public, the environment is not. */
export function connectionEnv(url: string): Readonly<Record<string, string>> {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    PGHOST: hostname,
    PGPORT: port || '5432',
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: decodeURIComponent(pathname.slice(1)),
  };
}
