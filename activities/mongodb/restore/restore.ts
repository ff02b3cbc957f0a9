import { targetOf } from '../../target-of';
import { CutoverError } from '../../../src/core/failure';
import { refusesRestore, type RestoreAnswer, type RestoreApproval, type RestoreInput } from '../../../src/core/restore';
import type { Pulse } from '../../heartbeat';
import type { Resources } from '../../resources';
import { damageOf, totalsOf } from '../backup/manifest';
import { failureTypeOf } from '../errors';
import { openLink } from '../link';
import { archiveLost } from './archive-lost';
import { attemptOf, type RestoreAttempt } from './attempt';
import { listFile, nameOf, readList } from './list';
import { isHalfDone, readMarker, requireSame } from './marker';
import { putBack, requireAsInBackup } from './put-back';
import { show } from './show';
import { sourceOf, type Source } from './source';

/**
 * The last resort. Without an approval it lists what would be lost and does nothing. With one: the application's writes
 * are refused, what is lost is kept in files, the database becomes what the backup holds, is compared with the manifest,
 * and the application may write again. Whatever kills it in the middle, the same call goes on.
 */
export async function restore(resources: Resources, input: RestoreInput, pulse: Pulse): Promise<RestoreAnswer> {
  const { signal } = pulse;
  const target = targetOf(resources, input.home, 'mongodb');
  await using link = await openLink(target, { appName: 'cutover/restore', signal });
  const source = await sourceOf(resources, input, link);
  const { approved } = input;
  if (!approved) return await show({ link, source, pulse });
  const { list, file, done } = await allowed(resources, source, approved, await readMarker(link.lane, input.home));
  const answer = { run: source.run.id, lost: approved.lost, list, file };
  if (done) return { ...answer, restored: done };
  await refuseDamaged(source, signal);
  await using attempt = await attemptOf({ resources, target, link, source, approved, pulse });
  if (!isHalfDone(attempt.marker)) await keepWhatIsLost(attempt, list);
  return { ...answer, restored: await goBack(attempt) };
}

/** Who asks may, and for the list that was shown. */
async function allowed(
  resources: Resources,
  source: Source,
  approved: RestoreApproval,
  marker: Awaited<ReturnType<typeof readMarker>>,
): Promise<Pick<RestoreAnswer, 'list' | 'file'> & { readonly done?: NonNullable<RestoreAnswer['restored']> }> {
  const problem = refusesRestore(source.plan, await resources.people(), approved);
  if (problem) throw new CutoverError('NotAllowed', `${problem} Nothing was done.`);
  requireSame(marker, source.run.id, approved.lost);
  const { path, sha256 } = source.backup;
  const list = await readList(path, approved.lost);
  if (list.run !== source.run.id || list.manifest !== `sha256:${sha256}`)
    throw new CutoverError(
      'NotAllowed',
      `The list ${approved.lost} is of another backup than ${nameOf(path)} as it lies there now; look at the list again. Nothing was done.`,
    );
  const file = listFile(path, approved.lost);
  const ended = marker?.state === 'done' && marker.run === source.run.id && marker.lost === approved.lost;
  return ended
    ? { list, file, done: { message: marker.message ?? '', archive: marker.archive ?? '' } }
    : { list, file };
}

async function refuseDamaged({ backup }: Source, signal: AbortSignal): Promise<void> {
  const damage = await damageOf(backup.path, backup.manifest, signal);
  if (damage.length > 0)
    throw new CutoverError(
      'Refused',
      `The backup ${nameOf(backup.path)} is damaged (${damage.slice(0, 3).join('; ')}): nothing is dropped for it. Nothing was done.`,
    );
}

/** Up to here nothing has changed: whatever fails lets the application write again, unless the next attempt goes on. */
async function keepWhatIsLost(attempt: RestoreAttempt, list: RestoreAnswer['list']): Promise<void> {
  try {
    await attempt.fence();
    await attempt.begin(await archiveLost(attempt, list));
  } catch (error) {
    const type = failureTypeOf(error);
    const goesOn = attempt.pulse.signal.aborted || type === 'StaleToken' || type === 'Unavailable';
    if (!goesOn) await attempt.giveUp();
    throw error;
  }
}

async function goBack(attempt: RestoreAttempt): Promise<NonNullable<RestoreAnswer['restored']>> {
  const { working, pulse, marker, source } = attempt;
  const { backup } = source;
  const total = totalsOf(backup.manifest).documents;
  const meanwhile = await attempt.fenceAgain();
  if (marker?.state !== 'opening') {
    await putBack(working, backup, {
      signal: pulse.signal,
      mayWrite: attempt.check,
      onDocuments: (done, collection) =>
        pulse.progress({ doing: `restoring ${collection}`, done, total, unit: 'documents' }),
    });
    await requireAsInBackup(working, backup, (done, collections) => {
      pulse.signal.throwIfAborted();
      pulse.progress({ doing: 'comparing with the manifest', done, total: collections, unit: 'collections' });
    });
  }
  const { documents, collections } = totalsOf(backup.manifest);
  return attempt.end(
    `The database of "${source.run.home}" is again what it was at ${backup.manifest.takenAt} (${nameOf(backup.path)}): ${documents} documents of ${collections} collections, compared with the manifest.${meanwhile ? " The application's rights had been given back in the middle: what it wrote then is lost and in no file." : ''} Configuration and builds are as they are: deploy the build that goes with this data.`,
  );
}
