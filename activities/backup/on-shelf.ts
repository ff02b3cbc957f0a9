import { rm, statfs } from 'node:fs/promises';
import { evidenceOf, type Check, type Evidence } from '../../src/core/evidence';
import { CutoverError } from '../../src/core/failure';
import type { VerbContext } from '../context';
import type { Resources } from '../resources';
import { errorCode } from './files';
import { sealName, type BackupLocation, type BackupSeal } from './seal';
import { backupsOn, finish, shelfOf, startPartial, sweepPartials, type Shelf } from './shelf';
import type { Stored } from './stored';

type Context = VerbContext<'backup'>;

/** What an engine knows of its own backups. */
export interface BackupDriver<M> {
  read(folder: string): Promise<Stored<M>>;
  damageOf(folder: string, manifest: M, signal: AbortSignal): Promise<readonly string[]>;
  /** Writes all of it, manifest included, into an empty folder. */
  take(folder: string): Promise<void>;
  /** Throws StaleToken when this attempt was overtaken: it leaves no backup behind. */
  checkToken(): Promise<void>;
}

export interface Kept<M> {
  /** The last part of its path. */
  readonly id: string;
  readonly stored: Stored<M>;
  readonly reused: boolean;
  readonly ms: number;
  /** That every byte is as it was written. */
  readonly readBack: Check;
}

/** A backup on this step's shelf: an earlier attempt's where that is whole, else a new one, which a rename makes one. */
export async function backupOnShelf<M>(
  context: Context,
  resources: Resources,
  driver: BackupDriver<M>,
): Promise<Kept<M>> {
  const shelf = shelfOfStep(context, resources);
  await context.capture<BackupLocation>('location', async () => ({ store: context.args.store }));
  await sweepPartials(shelf);
  const last = (await backupsOn(shelf))[0];
  const kept = last && (await keepIfGood(context, driver, last));
  return kept ?? take(context, driver, { shelf, n: (last?.n ?? 0) + 1 });
}

/** The undo: a backup is what one goes back to. */
export async function keepBackups(context: Context, resources: Resources): Promise<Evidence> {
  const shelf = shelfOfStep(context, resources);
  const kept = await backupsOn(shelf);
  return evidenceOf(
    `Backups are kept: ${kept.length} in ${shelf.dir}`,
    [{ name: 'backups', verdict: 'pass', expected: 'kept', observed: `${kept.length} kept` }],
    { backups: kept.length },
  );
}

function shelfOfStep({ args, run, step }: Context, resources: Resources): Shelf {
  return shelfOf(resources.store(args.store).dir, run, step.id);
}

/** An earlier attempt's backup counts when every byte is as it was written and the manifest is the one that was sealed. */
async function keepIfGood<M>(
  context: Context,
  driver: BackupDriver<M>,
  last: { readonly n: number; readonly path: string },
): Promise<Kept<M> | undefined> {
  try {
    const stored = await driver.read(last.path);
    const seal = await context.capture<BackupSeal>(sealName(last.n), async () => ({ sha256: stored.sha256 }));
    const damage = await driver.damageOf(last.path, stored.manifest, context.signal);
    if (seal.sha256 === stored.sha256 && damage.length === 0)
      return { id: idOf(last.path), stored, reused: true, ms: 0, readBack: readBack(damage) };
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

async function take<M>(
  context: Context,
  driver: BackupDriver<M>,
  { shelf, n }: { readonly shelf: Shelf; readonly n: number },
): Promise<Kept<M>> {
  const from = performance.now();
  const folder = await startPartial(shelf, n);
  try {
    await driver.take(folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    context.signal.throwIfAborted();
    throw await spaceError(error, context.args.store, shelf.dir);
  }
  await driver.checkToken();
  const path = await finish(shelf, folder, n);
  const stored = await driver.read(path);
  const damage = await driver.damageOf(path, stored.manifest, context.signal);
  await context.capture<BackupSeal>(sealName(n), async () => ({ sha256: stored.sha256 }));
  return { id: idOf(path), stored, reused: false, ms: performance.now() - from, readBack: readBack(damage) };
}

function readBack(damage: readonly string[]): Check {
  return {
    name: 'files read back',
    verdict: damage.length === 0 ? 'pass' : 'fail',
    expected: 'sha256 as written',
    observed: damage.join('; ') || 'sha256 as written',
  };
}

function idOf(path: string): string {
  return path.split('/').at(-1) ?? path;
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
