import { rmSync } from 'node:fs';
import { open, rm, stat, utimes } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { onExit } from './on-exit';
import { errorCode } from './error-code';

export interface LockOptions {
  /** The lock file; its folder exists. */
  readonly path: string;
  /** Called once when another process holds it. */
  readonly onWait?: () => void;
  /** A lock not touched for this long is a dead process', in ms. */
  readonly staleAfter?: number;
}

/**
 * Runs `work` while no other process does. The holder touches the file every few seconds, because a pid means nothing
 * across containers that share a cache folder. Two waiters that find the same stale lock may both enter: what is done
 * under it must be wasteful when doubled, not wrong (see `makeOnce`, which renames in the end).
 */
export async function withLock<T>(options: LockOptions, work: () => Promise<T>): Promise<T> {
  const staleAfter = options.staleAfter ?? 20_000;
  let told = false;
  while (!(await take(options.path))) {
    if (!told) options.onWait?.();
    told = true;
    if (await isStale(options.path, staleAfter)) await rm(options.path, { force: true });
    else await pause(250);
  }
  const touching = setInterval(() => void touch(options.path), staleAfter / 4);
  const release = async (): Promise<void> => {
    clearInterval(touching);
    await rm(options.path, { force: true });
  };
  const forget = onExit({
    name: 'a lock of the cache folder',
    close: release,
    abandon: () => rmSync(options.path, { force: true }),
  });
  try {
    return await work();
  } finally {
    await release();
    forget();
  }
}

async function take(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(`${process.pid}\n`);
    await file.close();
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function isStale(path: string, staleAfter: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > staleAfter;
}

async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined); // gone: someone thought us dead; see above
}
