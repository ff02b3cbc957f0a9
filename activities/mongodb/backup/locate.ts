import { locateBackup as locate, type Located as Any } from '../../backup/locate';
import type { VerbContext } from '../../context';
import type { Resources } from '../../resources';
import { readManifest, type Manifest } from './manifest';

export type Located = Any<Manifest>;

/** The newest backup of an earlier step of this run; see activities/backup/locate.ts. */
export function locateBackup(
  context: Pick<VerbContext, 'captured' | 'run'>,
  resources: Resources,
  step: string,
): Promise<Located> {
  return locate(context, resources, step, readManifest);
}
