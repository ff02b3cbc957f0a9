import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CutoverError } from '../../../src/core/failure';
import type { LostList } from '../../../src/core/restore';
import { errorCode } from '../../backup/files';
import { startArchive } from './archive';
import type { RestoreAttempt } from './attempt';
import { listenBehind } from './guard';
import { listFile, listLost, textOf } from './list';

/**
 * Behind the fence: compares once more, keeps what is lost, and hears whether anybody else writes meanwhile. Gives the
 * folder.
 *
 * @throws Refused when the list is not the approved one any more, when somebody writes, or when there is no room.
 */
export async function archiveLost(attempt: RestoreAttempt, approved: LostList): Promise<string> {
  const { working: link, source, pulse } = attempt;
  const { signal } = pulse;
  const path = listFile(source.backup.path, attempt.lost).replace(/\.json$/, '');
  await using listener = await listenBehind(link, signal);
  const archive = await startArchive(path, approved.collections, signal);
  try {
    const onCollection = (done: number, total: number): void => {
      signal.throwIfAborted();
      pulse.progress({ doing: 'keeping what will be lost', done, total, unit: 'collections' });
    };
    const now = await listLost({ link, source, signal, onCollection }, archive.take);
    if (textOf(now).digest !== attempt.lost) throw changed(approved, now);
    await listener.requireSilence();
    return await archive.finish(source.rows);
  } catch (error) {
    await archive.discard();
    throw await spaceError(error, path);
  }
}

function changed(approved: LostList, now: LostList): CutoverError {
  return new CutoverError(
    'NotAllowed',
    `The list has changed since it was shown: ${now.total} documents would be lost instead of ${approved.total}${now.total === approved.total ? ', but others' : ''}. Stop the application, look at the list again and approve that one. Nothing was restored, and the application may write again.`,
  );
}

async function spaceError(error: unknown, path: string): Promise<unknown> {
  const code = errorCode(error);
  if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EROFS' && code !== 'EFBIG') return error;
  const free = await statfs(dirname(path)).then(
    (s) => `${Math.round((s.bavail * s.bsize) / 1e6)} MB are free`,
    () => 'it cannot be asked how much is free',
  );
  return new CutoverError(
    'Refused',
    `What would be lost could not be kept beside the backup (${code}): ${free}. Make room, then try again; nothing was restored.`,
    { cause: error },
  );
}
