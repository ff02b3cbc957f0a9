import { targetOf } from '../../target-of';
import { expectEqual, evidenceOf, type Check, type Evidence } from '../../../src/core/evidence';
import type { Resources } from '../../resources';
import { damageOf, readManifest, type Manifest } from '../backup/manifest';
import { backupOnShelf, keepBackups, type Kept } from '../../backup/on-shelf';
import { takeBackup } from '../backup/take';
import type { PgContext, PgStepHandler } from '../context';
import { fingerprint } from '../fingerprint';

/** The tool's own schema is never part of a backup: a restore must not bring back an old claim or ledger. */
const OWN_SCHEMA = 'cutover';

/** A consistent dump with a manifest, write-once. Its undo keeps it: a backup is what one goes back to. */
export function backupStep(resources: Resources): PgStepHandler<'backup'> {
  return {
    do: async (context) => {
      const target = targetOf(resources, context.step.target, 'postgres');
      const excludeSchemas = [...new Set([...context.args.exclude, OWN_SCHEMA])].sort();
      const kept = await backupOnShelf(context, resources, {
        read: readManifest,
        damageOf,
        take: async (folder) =>
          void (await takeBackup(context, { target, folder, excludeSchemas, bin: resources.postgresBin })),
        checkToken: () => context.transaction(async () => undefined),
      });
      return evidence(context, kept);
    },
    undo: (context) => keepBackups(context, resources),
  };
}

async function evidence(context: PgContext<'backup'>, kept: Kept<Manifest>): Promise<Evidence> {
  const { manifest, sha256 } = kept.stored;
  const rows = Object.values(manifest.tables).reduce((sum, table) => sum + BigInt(table.rows), 0n);
  const size = await context.read((session) =>
    session.query<{ bytes: string }>('SELECT pg_database_size(current_database())::text AS bytes'),
  );
  const databaseBytes = Number(size[0]?.bytes ?? 0);
  const { id } = kept;
  const checks: readonly Check[] = [
    kept.readBack,
    expectEqual('fingerprint', manifest.server.fingerprint, await context.read(fingerprint)),
  ];
  return evidenceOf(
    `${kept.reused ? 'The backup of an earlier attempt is whole: ' : ''}${id}: ${rows} rows of ${Object.keys(manifest.tables).length} tables in ${megabytes(manifest.dump.bytes)}`,
    checks,
    {
      backup: id,
      manifest: sha256,
      dump: manifest.dump.sha256,
      takenAt: manifest.snapshot.takenAt,
      lsn: manifest.snapshot.lsn,
      bytes: manifest.dump.bytes,
      databaseBytes,
      ratio: Number((manifest.dump.bytes / Math.max(1, databaseBytes)).toFixed(3)),
      compression: manifest.dump.compression,
      tables: Object.keys(manifest.tables).length,
      rows: String(rows),
      seconds: Number((kept.ms / 1000).toFixed(2)),
    },
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
