import { targetOf } from '../../target-of';
import { evidenceOf, type Check, type Evidence } from '../../../src/core/evidence';
import { CutoverError } from '../../../src/core/failure';
import type { PostgresTarget, Resources } from '../../resources';
import { compareWithManifest } from '../backup/compare';
import { locateBackup, type Located } from '../backup/locate';
import { damageOf } from '../backup/manifest';
import { drillName, endLeftovers } from '../backup/names';
import { restore } from '../backup/restore';
import {
  emptyScratch,
  isMarked,
  markScratch,
  missingExtensions,
  objectionsToOwners,
  objectionsToScratch,
  prepareOwners,
} from '../backup/scratch';
import type { PgContext, PgSession, PgStepHandler } from '../context';
import { pinTextForm } from '../digest';
import { withLink } from '../link';

/** Restores a backup for real and compares what came back with what was dumped. A backup without this is a hope. */
export function drillStep(resources: Resources): PgStepHandler<'drill'> {
  return {
    do: async (context) => {
      const scratch = targetOf(resources, context.args.scratch, 'postgres');
      const backup = await locateBackup(context, resources, context.args.backup);
      const damage = await damageOf(backup.path, backup.manifest, context.signal);
      if (damage.length > 0) return damaged(backup, damage);
      return inScratch(context, scratch, (session) => drill({ context, resources, scratch, backup, session }));
    },
    undo: async (context) => {
      const scratch = targetOf(resources, context.args.scratch, 'postgres');
      return inScratch(context, scratch, async (session) => {
        if (!(await isMarked(session))) return evidenceOf(...NOTHING_OF_OURS);
        await refuseForeign(resources, context, scratch, session);
        const dropped = await emptyScratch(session, { keepMarker: false });
        return evidenceOf(`Scratch "${scratch.name}" is empty again`, [
          { name: 'scratch', verdict: 'pass', expected: 'empty', observed: `empty after ${dropped} statements` },
        ]);
      });
    },
  };
}

const NOTHING_OF_OURS: Parameters<typeof evidenceOf> = [
  'Nothing of a drill is in scratch',
  [{ name: 'scratch', verdict: 'pass', expected: 'nothing of ours', observed: 'no marker of a drill; left as it is' }],
];

interface Drill {
  readonly context: PgContext<'drill'>;
  readonly resources: Resources;
  readonly scratch: PostgresTarget;
  readonly backup: Located;
  readonly session: PgSession;
}

async function drill({ context, resources, scratch, backup, session }: Drill): Promise<Evidence> {
  const { manifest } = backup;
  await refuseForeign(resources, context, scratch, session);
  await markScratch(session, context.run);
  await emptyScratch(session, { keepMarker: true });
  const lacking = [
    ...(await objectionsToOwners(session, manifest)),
    ...(await missingExtensions(session, manifest.inventory.extensions ?? [])),
  ];
  if (lacking.length > 0) {
    throw new CutoverError('Refused', `Scratch "${scratch.name}" cannot take this backup: ${lacking.join('; ')}.`);
  }
  await prepareOwners(session, manifest.owners);
  const from = performance.now();
  const failure = await tryRestore({ context, resources, scratch, backup, session });
  const restoredIn = performance.now() - from;
  const checks = failure ? [failure] : await compare(context, session, backup);
  const rows = Object.values(manifest.tables).reduce((sum, table) => sum + BigInt(table.rows), 0n);
  return evidenceOf(
    `${failure ? 'Could not restore' : 'Restored'} ${idOf(backup)} into scratch "${scratch.name}": ${rows} rows of ${Object.keys(manifest.tables).length} tables`,
    checks,
    {
      backup: idOf(backup),
      manifest: backup.sha256,
      rows: String(rows),
      tables: Object.keys(manifest.tables).length,
      restoreSeconds: seconds(restoredIn),
      compareSeconds: seconds(performance.now() - from - restoredIn),
      notDrilled: 'publications, subscriptions, roles.sql',
    },
  );
}

/** A dump that cannot be restored is an answer; a scratch that went away meanwhile is not. */
async function tryRestore({ context, resources, scratch, backup, session }: Drill): Promise<Check | undefined> {
  try {
    await restore({
      scratch,
      folder: backup.path,
      manifest: backup.manifest,
      applicationName: drillName(context.run),
      bin: resources.postgresBin,
      signal: context.signal,
      onBytes: (done) =>
        context.progress({
          doing: `restoring into ${scratch.name}`,
          done,
          total: backup.manifest.dump.bytes,
          unit: 'bytes',
        }),
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof CutoverError) || error.type !== 'CommandFailed') throw error;
    await session.query('SELECT 1');
    return { name: 'restore', verdict: 'fail', expected: 'restored in one transaction', observed: error.message };
  }
}

async function compare(context: PgContext<'drill'>, session: PgSession, backup: Located): Promise<readonly Check[]> {
  await session.execute('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    await pinTextForm(session);
    return await compareWithManifest(session, backup.manifest, (done, total) => {
      context.signal.throwIfAborted();
      context.progress({ doing: 'comparing with the manifest', done, total, unit: 'tables' });
    });
  } finally {
    await session.execute('ROLLBACK').catch(() => undefined);
  }
}

/** A connection to scratch after the step's token was checked: an overtaken attempt empties nothing. */
async function inScratch(
  context: PgContext<'drill'>,
  scratch: PostgresTarget,
  work: (session: PgSession) => Promise<Evidence>,
): Promise<Evidence> {
  await context.transaction(async () => undefined);
  const options = { applicationName: drillName(context.run), signal: context.signal, statementTimeoutMs: 0 };
  return withLink(scratch, options, async (session) => {
    await endLeftovers(session, context.run);
    return work(session);
  });
}

async function refuseForeign(
  resources: Resources,
  context: PgContext<'drill'>,
  scratch: PostgresTarget,
  session: PgSession,
): Promise<void> {
  const objections = await objectionsToScratch(resources, {
    run: context.run,
    scratch,
    session,
    signal: context.signal,
  });
  if (objections.length === 0) return;
  throw new CutoverError(
    'Refused',
    `"${scratch.name}" is not used as scratch: ${objections.join('; ')}. Give an empty database of its own in cutover.config.yaml; nothing was touched.`,
  );
}

function damaged(backup: Located, damage: readonly string[]): Evidence {
  return evidenceOf(`The backup ${idOf(backup)} is damaged`, [
    { name: 'files read back', verdict: 'fail', expected: 'sha256 as written', observed: damage.join('; ') },
  ]);
}

function idOf(backup: Located): string {
  return backup.path.split('/').at(-1) ?? backup.path;
}

function seconds(ms: number): number {
  return Number((ms / 1000).toFixed(2));
}
