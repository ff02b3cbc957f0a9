import { CutoverError } from '../../src/core/failure';
import type { VerbContext } from '../context';
import type { Resources } from '../resources';
import { sealName, type BackupLocation, type BackupSeal } from './seal';
import { backupsOn, shelfOf } from './shelf';
import type { Stored } from './stored';

export interface Located<M> extends Stored<M> {
  readonly path: string;
}

/**
 * The newest backup of an earlier step of this run.
 *
 * @throws Refused when there is none, or when its manifest is not the one that was sealed when it was taken.
 */
export async function locateBackup<M>(
  context: Pick<VerbContext, 'captured' | 'run'>,
  resources: Resources,
  step: string,
  read: (folder: string) => Promise<Stored<M>>,
): Promise<Located<M>> {
  const location = await context.captured<BackupLocation>({ step, name: 'location' });
  const shelf = shelfOf(resources.store(location.store).dir, context.run, step);
  const newest = (await backupsOn(shelf))[0];
  if (!newest) {
    throw new CutoverError(
      'Refused',
      `No backup of step ${step} lies in ${shelf.dir}; was it pruned? Undo the step and take another.`,
    );
  }
  const stored = await read(newest.path);
  const seal = await context.captured<BackupSeal>({ step, name: sealName(newest.n) });
  if (seal.sha256 !== stored.sha256) {
    throw new CutoverError(
      'Refused',
      `The manifest in ${newest.path} has changed since the backup was taken: it proves nothing any more. Undo step ${step} and take another backup.`,
    );
  }
  return { ...stored, path: newest.path };
}
