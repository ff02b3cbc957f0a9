import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError, describeError } from '../../src/core/failure';
import type { RunRef } from '../../src/core/verb';
import { syncFolder } from './files';

/**
 * Where the backups of one step lie: `<store>/<plan>/<run>/<step>-<n>/`. What is not whole ends in `.partial`; only a
 * rename makes a backup, so a crash can leave nothing that looks like one.
 */
export interface Shelf {
  readonly dir: string;
  readonly step: string;
}

export function shelfOf(storeDir: string, run: Pick<RunRef, 'id' | 'plan'>, step: string): Shelf {
  return { dir: join(storeDir, fileName(run.plan), fileName(run.id)), step: fileName(step) };
}

/** Newest first. */
export async function backupsOn(shelf: Shelf): Promise<readonly { readonly n: number; readonly path: string }[]> {
  const entries = await readdir(shelf.dir).catch(() => []);
  return entries
    .map((entry) => ({ entry, n: entry.startsWith(`${shelf.step}-`) ? entry.slice(shelf.step.length + 1) : '' }))
    .filter(({ n }) => /^[1-9]\d*$/.test(n))
    .map(({ entry, n }) => ({ n: Number(n), path: join(shelf.dir, entry) }))
    .sort((a, b) => b.n - a.n);
}

/** Removes what attempts that died left behind; a dead attempt that wakes up finds its folder gone and fails. */
export async function sweepPartials(shelf: Shelf): Promise<number> {
  const entries = await readdir(shelf.dir).catch(() => []);
  const partial = entries.filter((entry) => entry.startsWith(`${shelf.step}-`) && entry.endsWith('.partial'));
  for (const entry of partial) await rm(join(shelf.dir, entry), { recursive: true, force: true });
  return partial.length;
}

/** A folder of this attempt alone. */
export async function startPartial(shelf: Shelf, n: number): Promise<string> {
  const path = join(shelf.dir, `${shelf.step}-${n}.${randomBytes(4).toString('hex')}.partial`);
  try {
    await mkdir(shelf.dir, { recursive: true, mode: 0o700 });
    await mkdir(path, { mode: 0o700 });
    return path;
  } catch (cause) {
    throw new CutoverError(
      'Misconfigured',
      `No folder for the backup could be made in ${shelf.dir}: ${describeError(cause)}; give the worker's user the right to write there, or name another store.`,
      { cause },
    );
  }
}

/** The moment at which it is a backup. Fails when another attempt has finished the same one first. */
export async function finish(shelf: Shelf, partial: string, n: number): Promise<string> {
  const path = join(shelf.dir, `${shelf.step}-${n}`);
  await syncFolder(partial);
  await rename(partial, path);
  await syncFolder(shelf.dir);
  return path;
}

/** Names come from plans: no separator, no leading dot. */
function fileName(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]/g, '-').replace(/^\.+/, '');
}
