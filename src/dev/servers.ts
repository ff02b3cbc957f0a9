import { SEARCH_ATTRIBUTES } from '../core/search-attributes';
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
