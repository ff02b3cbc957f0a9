import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { withLock } from './lock';

/** Where built and downloaded programs are kept: `CUTOVER_CACHE`, or `cutover` in the user's cache folder. Not created. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.CUTOVER_CACHE) return env.CUTOVER_CACHE;
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cutover');
}

export interface MakeOnce {
  /** The file or folder wanted. Once it exists it is whole and never made again. */
  readonly target: string;
  /** Makes it under another name, in a folder beside it, which is then renamed: a half-made one is never seen. */
  readonly make: (temporary: string) => Promise<void>;
  /** Called when another process is found making it. */
  readonly onWait?: () => void;
}

/** Makes something expensive once per cache, however many processes ask for it at the same time. */
export async function makeOnce({ target, make, onWait }: MakeOnce): Promise<'found' | 'made'> {
  if (existsSync(target)) return 'found';
  await mkdir(dirname(target), { recursive: true });
  return withLock({ path: `${target}.lock`, onWait }, async () => {
    if (existsSync(target)) return 'found';
    const workplace = join(dirname(target), `.making-${basename(target)}-${process.pid}`);
    await rm(workplace, { recursive: true, force: true });
    await mkdir(workplace);
    try {
      const temporary = join(workplace, basename(target));
      await make(temporary);
      await rename(temporary, target);
      return 'made';
    } finally {
      await rm(workplace, { recursive: true, force: true });
    }
  });
}
