import { rm, statfs } from 'node:fs/promises';
import { expectEqual, evidenceOf, type Check, type Evidence } from '../../../src/core/evidence';
import { CutoverError } from '../../../src/core/failure';
import { errorCode } from '../../backup/files';
import { sealName, type BackupLocation, type BackupSeal } from '../../backup/seal';
import { backupsOn, finish, shelfOf, startPartial, sweepPartials, type Shelf } from '../../backup/shelf';
import type { MongoTarget, Resources } from '../../resources';
import { damageOf, readManifest, totalsOf, type StoredManifest } from '../backup/manifest';
import { takeBackup } from '../backup/take';
import type { MongoContext, MongoStepHandler } from '../context';
import { fingerprint } from '../fingerprint';
import { appName } from '../lane/claim';
import { withLink } from '../link';

/** A dump of one instant with a manifest, write-once. Its undo keeps it: a backup is what one goes back to. */
export function backupStep(resources: Resources): MongoStepHandler<'backup'> {
  return {
    do: async (context) => {
      const target = mongoTarget(resources, context.step.target);
      const store = resources.store(context.args.store);
      const shelf = shelfOf(store.dir, context.run, context.step.id);
      await context.capture<BackupLocation>('location', async () => ({ store: context.args.store }));
      await sweepPartials(shelf);
      const last = (await backupsOn(shelf))[0];
      const kept = last && (await keepIfGood(context, last));
      if (kept) return evidence(context, target, kept);
      const n = (last?.n ?? 0) + 1;
      return evidence(context, target, await take({ context, shelf, n, target }));
    },
    undo: async (context) => {
      const shelf = shelfOf(resources.store(context.args.store).dir, context.run, context.step.id);
      const kept = await backupsOn(shelf);
      return evidenceOf(
        `Backups are kept: ${kept.length} in ${shelf.dir}`,
        [{ name: 'backups', verdict: 'pass', expected: 'kept', observed: `${kept.length} kept` }],
        { backups: kept.length },
      );
    },
  };
}

/** The target of a step of this engine. */
export function mongoTarget(resources: Resources, name: string): MongoTarget {
  const target = resources.target(name);
  if (target.kind === 'mongodb') return target;
  throw new CutoverError(
    'Misconfigured',
    `The target "${name}" is no MongoDB database; give it as mongodb: in cutover.config.yaml.`,
  );
}

interface Kept {
  readonly path: string;
  readonly stored: StoredManifest;
  readonly damage: readonly string[];
  readonly reused: boolean;
  readonly ms: number;
}

/** An earlier attempt's backup counts when every byte is as it was written and the manifest is the one that was sealed. */
async function keepIfGood(
  context: MongoContext<'backup'>,
  last: { readonly n: number; readonly path: string },
): Promise<Kept | undefined> {
  try {
    const stored = await readManifest(last.path);
    const seal = await context.capture<BackupSeal>(sealName(last.n), async () => ({ sha256: stored.sha256 }));
    const damage = await damageOf(last.path, stored.manifest, context.signal);
    if (seal.sha256 === stored.sha256 && damage.length === 0)
      return { path: last.path, stored, damage, reused: true, ms: 0 };
    context.log.warn(
      { backup: last.path, damage },
      'an earlier backup is damaged and is left as it is; another is taken',
    );
  } catch (error) {
    if (!(error instanceof CutoverError) || error.type !== 'Refused') throw error;
    context.log.warn({ backup: last.path }, error.message);
  }
  return undefined;
}

async function take(input: {
  readonly context: MongoContext<'backup'>;
  readonly shelf: Shelf;
  readonly n: number;
  readonly target: MongoTarget;
}): Promise<Kept> {
  const { context, shelf, n, target } = input;
  const from = performance.now();
  const folder = await startPartial(shelf, n);
  try {
    await takeBackup(context, { target, folder, exclude: context.args.exclude });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    context.signal.throwIfAborted();
    throw await spaceError(error, context.args.store, shelf.dir);
  }
  await context.checkToken(); // an overtaken attempt leaves no backup behind
  const path = await finish(shelf, folder, n);
  const stored = await readManifest(path);
  const damage = await damageOf(path, stored.manifest, context.signal);
  await context.capture<BackupSeal>(sealName(n), async () => ({ sha256: stored.sha256 }));
  return { path, stored, damage, reused: false, ms: performance.now() - from };
}

async function spaceError(error: unknown, store: string, dir: string): Promise<unknown> {
  const code = errorCode(error);
  if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EROFS') return error;
  const free = await statfs(dir).then(
    (s) => `${Math.round((s.bavail * s.bsize) / 1e6)} MB are free`,
    () => 'it cannot be asked how much is free',
  );
  return new CutoverError(
    'Refused',
    `The backup could not be written (${code}): ${free} in store "${store}". Nothing is left of it; make room, then try again.`,
    { cause: error },
  );
}

async function evidence(context: MongoContext<'backup'>, target: MongoTarget, kept: Kept): Promise<Evidence> {
  const { manifest, sha256 } = kept.stored;
  const totals = totalsOf(manifest);
  const { run, signal } = context;
  const now = await withLink(target, { appName: appName(run, 'dump'), readOnly: true, signal }, fingerprint);
  const id = kept.path.split('/').at(-1) ?? kept.path;
  const checks: readonly Check[] = [
    {
      name: 'files read back',
      verdict: kept.damage.length === 0 ? 'pass' : 'fail',
      expected: 'sha256 as written',
      observed: kept.damage.join('; ') || 'sha256 as written',
    },
    expectEqual('fingerprint', manifest.server.fingerprint, now),
  ];
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
