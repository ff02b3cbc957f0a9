import { SEARCH_ATTRIBUTES } from '../core/search-attributes';
import { findOrBuildMongo } from './mongo-binary';
import { givenMongo } from './mongo-given';
import { startMongo, type MongoServer } from './mongo-server';
import { findPostgres } from './postgres-binaries';
import { startPostgres, type PostgresServer } from './postgres-server';
import type { Progress } from './progress';
import type { RunDir } from './run-dir';
import { findOrBuildTemporal } from './temporal-binary';
import { startTemporal, type TemporalServer } from './temporal-server';

export interface TemporalAt {
  readonly address: string;
  readonly uiUrl: string | undefined;
  /** Absent when TEMPORAL_ADDRESS led to a server that is not ours. */
  readonly server?: TemporalServer;
}

/** TEMPORAL_ADDRESS when given; else a server of our own, found or built. */
export async function temporalFor(
  runDir: RunDir,
  progress: Progress,
  options: { readonly dbFilename?: string } = {},
): Promise<TemporalAt> {
  const given = process.env['TEMPORAL_ADDRESS'];
  if (given) return { address: given, uiUrl: undefined };
  const binary = await findOrBuildTemporal(progress);
  const server = await progress.step(`Temporal ${binary.version} (${binary.how})`, () =>
    startTemporal({
      binary,
      searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map((a) => [a.name, 'Keyword' as const])),
      logFile: runDir.file('logs', 'temporal.log'),
      ...options,
    }),
  );
  return { address: server.address, uiUrl: server.uiUrl, server };
}

export interface PostgresAt {
  readonly server: PostgresServer;
  /** Folder of pg_dump, pg_restore and psql that fit this server. */
  readonly clients: string;
  readonly version: string;
}

/** A PostgreSQL of our own, found or fetched; `major` asks for one release. */
export async function postgresFor(runDir: RunDir, progress: Progress, major?: number): Promise<PostgresAt> {
  const binaries = await findPostgres({ progress, ...(major === undefined ? {} : { major }) });
  const server = await progress.step(`PostgreSQL ${binaries.version} (${binaries.how})`, () =>
    startPostgres({
      binaries,
      dataDir: runDir.file(`postgres-${binaries.major}`),
      logFile: runDir.file('logs', `postgres-${binaries.major}.log`),
    }),
  );
  return { server, clients: binaries.clients, version: binaries.version };
}

export interface MongoAt {
  /** Carries root's password: for the set-up only. */
  readonly rootUri: string;
  readonly version: string;
  /** "MongoDB 8.0.4" or "SecantusDB 0.5.3-beta.196". */
  readonly name: string;
  /** Where it comes from, as a phrase. */
  readonly how: string;
  /** Absent when MONGODB_URI led to a server that is not ours. */
  readonly server?: MongoServer;
}

/** MONGODB_URI when given (a replica set, opened as root); else a server of our own, found or built. */
export async function mongoFor(runDir: RunDir, progress: Progress): Promise<MongoAt> {
  const given = process.env['MONGODB_URI'];
  if (given) return { ...(await givenMongo(given)), how: 'MONGODB_URI' };
  const binary = await findOrBuildMongo(progress);
  const server = await progress.step(`${binary.name} (${binary.how})`, () =>
    startMongo({ binary, dataDir: runDir.file('mongo', 'data'), logFile: runDir.file('logs', 'mongo.log') }),
  );
  const { rootUri, version, name, how } = server;
  return { rootUri, version, name, how, server };
}
