import { Client, escapeIdentifier } from 'pg';
import { createLegacySchema } from '../../examples/003-client-id/legacy/schema';
import { generate } from '../../examples/003-client-id/legacy/generate';
import { findPostgres } from '../../src/dev/postgres-binaries';
import { startPostgres } from '../../src/dev/postgres-server';
import type { Progress } from '../../src/dev/progress';
import { createRoles, withDatabase, type RoleUrls } from '../../src/dev/roles';
import type { RunDir } from '../../src/dev/run-dir';

/** A modest production server; durability as it comes. Printed with every result. */
export const SETTINGS = {
  shared_buffers: '1GB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  maintenance_work_mem: '256MB',
  effective_cache_size: '8GB',
} as const;

export interface BenchServer {
  readonly superuserUrl: string;
  /** Folder of pg_dump and pg_restore. */
  readonly clients: string;
  readonly version: string;
  /** A legacy database of its own with so many rows, in memory, its statistics fresh. */
  legacy(name: string, rows: number): Promise<RoleUrls>;
  drop(name: string): Promise<void>;
}

export async function openServer(runDir: RunDir, progress: Progress): Promise<BenchServer> {
  const binaries = await findPostgres({ progress });
  const server = await progress.step(`PostgreSQL ${binaries.version}`, () =>
    startPostgres({
      binaries,
      dataDir: runDir.file('postgres'),
      logFile: runDir.file('logs', 'postgres.log'),
      settings: SETTINGS,
    }),
  );
  const { superuserUrl } = server;
  const templates = new Map<number, Promise<string>>();
  const template = (rows: number): Promise<string> => {
    const known = templates.get(rows) ?? makeTemplate({ superuserUrl, rows, progress });
    templates.set(rows, known);
    return known;
  };
  return {
    superuserUrl,
    clients: binaries.clients,
    version: binaries.version,
    legacy: async (name, rows) => {
      const from = await template(rows);
      await run(superuserUrl, `CREATE DATABASE ${escapeIdentifier(name)} TEMPLATE ${escapeIdentifier(from)}`);
      const urls = await createRoles(superuserUrl, { database: name, scratch: `${name}_scratch` });
      await warm(urls.superuser);
      return urls;
    },
    drop: async (name) => {
      for (const database of [name, `${name}_scratch`])
        await run(superuserUrl, `DROP DATABASE IF EXISTS ${escapeIdentifier(database)} WITH (FORCE)`);
    },
  };
}

async function makeTemplate(input: {
  readonly superuserUrl: string;
  readonly rows: number;
  readonly progress: Progress;
}): Promise<string> {
  const { superuserUrl, rows, progress } = input;
  const name = `legacy_${rows}`;
  await progress.step(`legacy database with ${rows.toLocaleString('en')} rows`, async () => {
    const urls = await createRoles(superuserUrl, { database: name, scratch: `${name}_scratch` });
    await createLegacySchema(urls.owner);
    await generate(urls.owner, { rows, seed: 3 });
    await run(withDatabase(superuserUrl, name), 'VACUUM (ANALYZE, FREEZE)');
    await run(superuserUrl, 'CHECKPOINT');
  });
  return name;
}

/** Reads every table once: what is measured is the tool, not a cold cache. */
async function warm(url: string): Promise<void> {
  const client = new Client({ connectionString: url, application_name: 'bench' });
  await client.connect();
  const tables = await client.query<{ name: string }>(
    `SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  );
  for (const { name } of tables.rows) await client.query(`SELECT count(*) FROM ${name}`);
  await client.end();
}

async function run(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url, application_name: 'bench' });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
