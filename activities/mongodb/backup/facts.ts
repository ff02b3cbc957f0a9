import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Db } from 'mongodb';
import type { FactsInput } from '../../../src/core/verb';
import { sealName, type BackupLocation, type BackupSeal } from '../../backup/seal';
import { backupsOn, shelfOf } from '../../backup/shelf';
import type { Resources } from '../../resources';
import { readCapture } from '../lane/capture';
import { filesOf, readManifest } from './manifest';

/** What a gate is bound to about its backup: which one it is, whole in size, and whether it is young enough. */
export async function backupFacts(resources: Resources, input: FactsInput, lane: Db): Promise<Record<string, string>> {
  if (input.backupStep === undefined) return {};
  const step = input.backupStep;
  const maxAge = input.backupMaxAgeMs;
  const none = { backup: 'none', ...(maxAge === undefined ? {} : { backupYoungEnough: 'no' }) };
  const location = await readCapture<BackupLocation>(lane, { run: input.run.id, step, name: 'location' });
  if (!location) return none;
  const newest = (await backupsOn(shelfOf(resources.store(location.store).dir, input.run, step)))[0];
  const seal = newest && (await readCapture<BackupSeal>(lane, { run: input.run.id, step, name: sealName(newest.n) }));
  if (!newest || !seal) return none;
  const stored = await readManifest(newest.path).catch(() => undefined);
  const id = newest.path.split('/').at(-1) ?? newest.path;
  if (!stored || stored.sha256 !== seal.sha256)
    return { ...none, backup: `${id}: its manifest is not the one that was sealed` };
  for (const { file, bytes } of filesOf(stored.manifest)) {
    const size = await stat(join(newest.path, file)).then(
      (found) => found.size,
      () => -1,
    );
    if (size !== bytes) return { ...none, backup: `${id}: its dump is not whole any more` };
  }
  const age = Date.now() - Date.parse(stored.manifest.takenAt);
  return {
    backup: `${id} ${stored.sha256}`,
    ...(maxAge === undefined ? {} : { backupYoungEnough: age <= maxAge ? 'yes' : 'no' }),
  };
}
