import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { PostgresTarget } from '../../activities/resources';
import { createLegacySchema } from '../../examples/003-client-id/legacy/schema';
import { generate } from '../../examples/003-client-id/legacy/generate';
import { findPostgres } from '../../src/dev/postgres-binaries';
import { startPostgres, type PostgresServer } from '../../src/dev/postgres-server';
import { createProgress } from '../../src/dev/progress';
import { createRoles, type RoleUrls } from '../../src/dev/roles';

/** The same tests on another major: CUTOVER_TEST_PG_MAJOR=17. */
const MAJOR = process.env.CUTOVER_TEST_PG_MAJOR;

export interface BackupServer {
  readonly server: PostgresServer;
  /** A database of the legacy schema and an empty scratch, both of their own. */
  database(name: string, rows: number): Promise<BackupDatabase>;
  readonly dir: string;
  close(): Promise<void>;
}

export interface BackupDatabase {
  readonly urls: RoleUrls;
  readonly home: PostgresTarget;
  readonly scratch: PostgresTarget;
  readonly storeDir: string;
  /** Folder of the pg_dump and pg_restore that belong to the server. */
  readonly bin: string;
}

/** A PostgreSQL of this test file alone: these tests terminate backends and hold locks. */
export async function startBackupServer(): Promise<BackupServer> {
  const dir = await mkdtemp(join(tmpdir(), 'cutover-backup-test-'));
  await chmod(dir, 0o755); // the server may run as another user
  const binaries = await findPostgres({
    ...(MAJOR ? { major: Number(MAJOR) } : {}),
    progress: createProgress({ out: { write: () => true } }),
  });
  const server = await startPostgres({
    binaries,
    dataDir: join(dir, 'data'),
    logFile: join(dir, 'postgres.log'),
    settings: { fsync: 'off', max_prepared_transactions: '5' },
  });
  return {
    server,
    dir,
    database: async (name, rows) => {
      const urls = await createRoles(server.superuserUrl, { database: name, scratch: `${name}_scratch` });
      await createLegacySchema(urls.owner);
      await generate(urls.owner, { rows });
      return {
        urls,
        home: { kind: 'postgres', name: 'app', url: () => urls.cutover, probeAs: () => urls.app },
        scratch: { kind: 'postgres', name: 'scratch', url: () => urls.scratch },
        storeDir: join(dir, `store-${name}`),
        bin: binaries.clients,
      };
    },
    close: async () => {
      await server.stop('immediate');
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Statements as one of the roles. */
export async function run(url: string, ...statements: readonly string[]): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    let rows: readonly Record<string, unknown>[] = [];
    for (const statement of statements) rows = (await client.query<Record<string, unknown>>(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}
