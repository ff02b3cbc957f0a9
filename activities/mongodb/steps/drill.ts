import { targetOf } from '../../target-of';
import { evidenceOf, type Check, type Evidence } from '../../../src/core/evidence';
import { CutoverError, describeError } from '../../../src/core/failure';
import { paceWords } from '../../backup/pace';
import type { MongoTarget, Resources } from '../../resources';
import { compareWithManifest } from '../backup/compare';
import { locateBackup, type Located } from '../backup/locate';
import { damageOf, totalsOf } from '../backup/manifest';
import { restoreInto } from '../backup/restore';
import { emptyScratch, isMarked, markScratch, MARKER, objectionsToScratch } from '../backup/scratch';
import type { MongoContext, MongoStepHandler } from '../context';
import { appName } from '../lane/claim';
import { withLink } from '../link';
import type { MongoLink } from '../session';

/** Restores a backup for real and compares what came back with what was dumped. A backup without this is a hope. */
export function drillStep(resources: Resources): MongoStepHandler<'drill'> {
  return {
    do: async (context) => {
      const scratch = targetOf(resources, context.args.scratch, 'mongodb');
      const backup = await locateBackup(context, resources, context.args.backup);
      const damage = await damageOf(backup.path, backup.manifest, context.signal);
      if (damage.length > 0) return damaged(backup, damage);
      return inScratch(context, scratch, (link) => drill({ context, resources, scratch, backup, link }));
    },
    undo: async (context) => {
      const scratch = targetOf(resources, context.args.scratch, 'mongodb');
      return inScratch(context, scratch, async (link) => {
        if (!(await isMarked(link.db))) return evidenceOf(...NOTHING_OF_OURS);
        await refuseForeign(resources, context, scratch, link);
        const dropped = await emptyScratch(link.db, { keepMarker: false });
        return evidenceOf(`Scratch "${scratch.name}" is empty again`, [
          { name: 'scratch', verdict: 'pass', expected: 'empty', observed: `empty after ${dropped} collections` },
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
  readonly context: MongoContext<'drill'>;
  readonly resources: Resources;
  readonly scratch: MongoTarget;
  readonly backup: Located;
  readonly link: MongoLink;
}

async function drill(work: Drill): Promise<Evidence> {
  const { context, resources, scratch, backup, link } = work;
  await refuseForeign(resources, context, scratch, link);
  await markScratch(link.db, context.run);
  await emptyScratch(link.db, { keepMarker: true });
  const from = performance.now();
  const failure = await tryRestore(work);
  const restoredIn = performance.now() - from;
  const checks = failure ? [failure] : await compare(work);
  const totals = totalsOf(backup.manifest);
  return evidenceOf(
    `${failure ? 'Could not restore' : 'Restored'} ${idOf(backup)} into scratch "${scratch.name}": ${totals.documents} documents of ${totals.collections} collections, ${totals.views} views`,
    checks,
    {
      backup: idOf(backup),
      manifest: backup.sha256,
      documents: totals.documents,
      collections: totals.collections,
      views: totals.views,
      restoreSeconds: seconds(restoredIn),
      compareSeconds: seconds(performance.now() - from - restoredIn),
      notDrilled: 'users.json',
    },
  );
}

/** A dump that cannot be restored is an answer; a scratch that went away meanwhile is not. */
async function tryRestore({ context, scratch, backup, link }: Drill): Promise<Check | undefined> {
  const total = totalsOf(backup.manifest).documents;
  const from = performance.now();
  try {
    await restoreInto(link.db, backup.path, backup.manifest, {
      signal: context.signal,
      onDocuments: (done, collection) => {
        const pace = paceWords({ done, total, ms: performance.now() - from, unit: 'documents' });
        const doing = `restoring into ${scratch.name}, ${collection} (${pace})`;
        context.progress({ doing, done, total, unit: 'documents' });
      },
    });
    return undefined;
  } catch (error) {
    context.signal.throwIfAborted();
    if (!isAnswer(error)) throw error;
    await link.db.command({ ping: 1 });
    return { name: 'restore', verdict: 'fail', expected: 'every document is taken', observed: describeError(error) };
  }
}

/** Of the backup or the server about it; whatever else may pass. */
function isAnswer(error: unknown): boolean {
  if (error instanceof CutoverError) return error.type === 'CommandFailed' || error.type === 'Refused';
  const { name } = error as { readonly name?: string };
  return name === 'MongoServerError' || name === 'BSONError';
}

async function compare({ context, backup, link }: Drill): Promise<readonly Check[]> {
  return compareWithManifest(link.db, backup.manifest, {
    ignore: [MARKER],
    onCollection: (done, total) => {
      context.signal.throwIfAborted();
      context.progress({ doing: 'comparing with the manifest', done, total, unit: 'collections' });
    },
  });
}

/** A client on scratch after the step's token was checked: an overtaken attempt empties nothing. */
async function inScratch(
  context: MongoContext<'drill'>,
  scratch: MongoTarget,
  work: (link: MongoLink) => Promise<Evidence>,
): Promise<Evidence> {
  await context.checkToken();
  return withLink(scratch, { appName: appName(context.run, 'drill'), signal: context.signal }, work);
}

async function refuseForeign(
  resources: Resources,
  context: MongoContext<'drill'>,
  scratch: MongoTarget,
  link: MongoLink,
): Promise<void> {
  const { run, signal } = context;
  const objections = await objectionsToScratch(resources, { run, scratch, link, signal });
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
