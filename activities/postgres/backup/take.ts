import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { canonical } from '../../../src/core/json';
import type { PgContext, PgSession } from '../context';
import { digestTable, readDigestTables, type DigestTable } from '../digest';
import { fingerprint } from '../fingerprint';
import { withLink } from '../link';
import { findPgTool } from '../tools';
import type { PostgresTarget } from '../../resources';
import { chooseCompression, dump } from './dump';
import { writeOnce, type FileDigest } from '../../backup/files';
import { together } from '../../backup/flow';
import { readInventory, readOwners, readRolesInUse } from './inventory';
import { withLibpqEnv } from './libpq';
import { MANIFEST_FILE } from '../../backup/stored';
import type { Manifest } from './manifest';
import { dumpName, endLeftovers, snapshotName } from './names';
import { exportRoles } from './roles-export';
import { readSequences } from './sequences';
import { withSnapshot } from './snapshot';

export interface TakeOptions {
  readonly target: PostgresTarget;
  /** A folder of this attempt alone; files in it are written once. */
  readonly folder: string;
  readonly excludeSchemas: readonly string[];
  readonly bin?: string;
}

/**
 * One backup: dump, counts and digests of the same snapshot, and a manifest of them all. The manifest is written last,
 * so a folder without one is not a backup.
 */
export async function takeBackup(context: PgContext, options: TakeOptions): Promise<Manifest> {
  const { target, excludeSchemas } = options;
  const name = snapshotName(context.run);
  return withLink(
    target,
    { applicationName: name, readOnly: true, signal: context.signal, statementTimeoutMs: 0 },
    async (session) => {
      await endLeftovers(session, context.run);
      const server = await readServer(session);
      const pgDump = await findPgTool({ name: 'pg_dump', atLeastMajor: server.major, bin: options.bin });
      const compression = await chooseCompression();
      const before = await readSequences(session, excludeSchemas);
      const taken = await withSnapshot(session, async (snapshot) => {
        const tables = await readDigestTables(session, { excludeSchemas });
        const inventory = await readInventory(session, excludeSchemas);
        const rolesInUse = await readRolesInUse(session, excludeSchemas);
        const owners = await readOwners(session, excludeSchemas);
        return withLibpqEnv(target, dumpName(context.run), (env) =>
          together(context.signal, async (signal, part) => {
            const file = join(options.folder, DUMP_FILE);
            let digest: FileDigest = { sha256: '', bytes: 0 };
            let digests: Manifest['tables'] = {};
            const onBytes = reporter(context, target.name);
            part(
              writeOnce(file, async (handle) => {
                digest = await dump({
                  pgDump,
                  env,
                  snapshot: snapshot.id,
                  excludeSchemas,
                  file: handle,
                  compression,
                  signal,
                  onBytes,
                });
              }),
            );
            part(digestAll(session, tables, signal).then((found) => (digests = found)));
            return () => ({ snapshot, inventory, owners, rolesInUse, digest, digests });
          }),
        );
      });
      const after = await readSequences(session, excludeSchemas);
      const roles = await writeText(join(options.folder, ROLES_FILE), await exportRoles(session));
      const manifest: Manifest = {
        version: 1,
        tool: 'cutover',
        run: context.run.id,
        step: context.step.id,
        createdAt: new Date().toISOString(),
        server,
        snapshot: { takenAt: taken.snapshot.takenAt, lsn: taken.snapshot.lsn },
        dump: {
          file: DUMP_FILE,
          ...taken.digest,
          compression: compression.kind,
          program: pgDump.version,
          major: pgDump.major,
        },
        roles: { file: ROLES_FILE, ...roles },
        excludedSchemas: [...excludeSchemas],
        tables: taken.digests,
        sequences: ranges(before, after),
        owners: [...taken.owners],
        rolesInUse: [...taken.rolesInUse],
        inventory: Object.fromEntries(Object.entries(taken.inventory).map(([kind, entries]) => [kind, [...entries]])),
      };
      await writeText(join(options.folder, MANIFEST_FILE), canonical(manifest));
      return manifest;
    },
  );
}

const DUMP_FILE = 'database.dump';
const ROLES_FILE = 'roles.sql';

async function readServer(session: PgSession): Promise<Manifest['server']> {
  const [row] = await session.query<{ version: string; number: number }>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number`,
  );
  if (!row) throw new Error('The server did not say its version; look at its log, then try again.');
  return { version: row.version, major: Math.floor(row.number / 10_000), fingerprint: await fingerprint(session) };
}

async function digestAll(
  session: PgSession,
  tables: readonly DigestTable[],
  signal: AbortSignal,
): Promise<Manifest['tables']> {
  const found: Manifest['tables'] = {};
  for (const table of tables) {
    signal.throwIfAborted();
    found[table.table] = { ...(await digestTable(session, table)), columns: [...table.columns] };
  }
  return found;
}

function ranges(
  before: Awaited<ReturnType<typeof readSequences>>,
  after: Awaited<ReturnType<typeof readSequences>>,
): Manifest['sequences'] {
  const both = Object.entries(before).filter(([name]) => Object.hasOwn(after, name));
  return Object.fromEntries(both.map(([name, value]) => [name, { before: value, after: after[name] ?? value }]));
}

async function writeText(path: string, text: string): Promise<FileDigest> {
  const data = Buffer.from(text);
  await writeOnce(path, (file) => file.writeFile(data));
  return { sha256: createHash('sha256').update(data).digest('hex'), bytes: data.length };
}

function reporter(context: PgContext, target: string): (bytes: number) => void {
  return (done) => context.progress({ doing: `dumping ${target}`, done, unit: 'bytes' });
}
