import { targetOf } from '../../target-of';
import { expectEqual, evidenceOf, type Check, type Evidence } from '../../../src/core/evidence';
import { backupOnShelf, keepBackups, type Kept } from '../../backup/on-shelf';
import type { MongoTarget, Resources } from '../../resources';
import { damageOf, readManifest, totalsOf, type Manifest } from '../backup/manifest';
import { takeBackup } from '../backup/take';
import type { MongoContext, MongoStepHandler } from '../context';
import { fingerprint } from '../fingerprint';
import { appName } from '../lane/claim';
import { withLink } from '../link';

/** A dump of one instant with a manifest, write-once. Its undo keeps it: a backup is what one goes back to. */
export function backupStep(resources: Resources): MongoStepHandler<'backup'> {
  return {
    do: async (context) => {
      const target = targetOf(resources, context.step.target, 'mongodb');
      const kept = await backupOnShelf(context, resources, {
        read: readManifest,
        damageOf,
        take: async (folder) => void (await takeBackup(context, { target, folder, exclude: context.args.exclude })),
        checkToken: () => context.checkToken(),
      });
      return evidence(context, target, kept);
    },
    undo: (context) => keepBackups(context, resources),
  };
}

async function evidence(context: MongoContext<'backup'>, target: MongoTarget, kept: Kept<Manifest>): Promise<Evidence> {
  const { manifest, sha256 } = kept.stored;
  const totals = totalsOf(manifest);
  const { run, signal } = context;
  const now = await withLink(target, { appName: appName(run, 'dump'), readOnly: true, signal }, fingerprint);
  const { id } = kept;
  const checks: readonly Check[] = [kept.readBack, expectEqual('fingerprint', manifest.server.fingerprint, now)];
  const { consistency } = manifest;
  return evidenceOf(
    `${kept.reused ? 'The backup of an earlier attempt is whole: ' : ''}${id}: ${totals.documents} documents of ${totals.collections} collections in ${megabytes(totals.storedBytes)}, ${consistency.how === 'snapshot' ? 'read at one instant' : 'dump + replay of changes, not re-read at one instant'}`,
    checks,
    {
      backup: id,
      manifest: sha256,
      takenAt: manifest.takenAt,
      clusterTime: consistency.clusterTime,
      consistency: consistency.words,
      changesReplayed: consistency.changes,
      bytes: totals.storedBytes,
      bsonBytes: totals.bytes,
      ratio: Number((totals.storedBytes / Math.max(1, totals.bytes)).toFixed(3)),
      compression: manifest.compression,
      collections: totals.collections,
      views: totals.views,
      documents: totals.documents,
      users: manifest.users.scope,
      restoreWith: manifest.restoreWith,
      seconds: Number((kept.ms / 1000).toFixed(2)),
    },
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
