import { CutoverError } from '../../../src/core/failure';
import type { PgContext } from '../context';
import type { Resources } from '../../resources';
import type { BackupLocation, BackupSeal } from '../../backup/seal';
import { sealName } from '../../backup/seal';
import { readManifest, type StoredManifest } from './manifest';
import { backupsOn, shelfOf } from '../../backup/shelf';

export interface Located extends StoredManifest {
  readonly path: string;
}

/**
 * The newest backup of an earlier step of this run.
 *
 * @throws Refused when there is none, or when its manifest is not the one that was sealed when it was taken.
 */
export async function locateBackup(context: PgContext, resources: Resources, step: string): Promise<Located> {
  const location = await context.captured<BackupLocation>({ step, name: 'location' });
  const shelf = shelfOf(resources.store(location.store).dir, context.run, step);
  const newest = (await backupsOn(shelf))[0];
  if (!newest) {
    throw new CutoverError(
      'Refused',
      `No backup of step ${step} lies in ${shelf.dir}; was it pruned? Undo the step and take another.`,
    );
  }
  const stored = await readManifest(newest.path);
  const seal = await context.captured<BackupSeal>({ step, name: sealName(newest.n) });
  if (seal.sha256 !== stored.sha256) {
    throw new CutoverError(
      'Refused',
      `The manifest in ${newest.path} has changed since the backup was taken: it proves nothing any more. Undo step ${step} and take another backup.`,
    );
  }
  return { ...stored, path: newest.path };
}
