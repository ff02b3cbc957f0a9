import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { chmod, chown, open, readdir, realpath, rename, rm, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CutoverError, describeError } from '../../src/core/failure';

export interface WholeFile {
  /** Where the file really is: a symbolic link stays one. */
  readonly path: string;
  readonly text: string;
  readonly stat: Stats;
}

/** @throws Misconfigured when it is not there, no regular file, larger than 1 MB, or not UTF-8. */
export async function readWhole(given: string): Promise<WholeFile> {
  let path: string;
  try {
    path = await realpath(given);
  } catch (error) {
    throw misconfigured(
      `${given} cannot be read (${codeOf(error)}); create it, an empty one will do, or correct its path in cutover.config.yaml`,
    );
  }
  // The kind is asked first: opening a pipe would wait for a writer.
  const found = await stat(path);
  if (!found.isFile()) throw misconfigured(`${given} is not a regular file; name the file itself`);
  // The other name would keep the old content, and whoever reads by it too.
  if (found.nlink > 1) throw misconfigured(`${given} has more than one name (a hard link); make it a file of its own`);
  if (found.size > MAX_BYTES)
    throw misconfigured(`${given} has ${found.size} bytes; a file of settings has at most 1 MB`);
  try {
    await using file = await open(path, 'r');
    const bytes = await file.readFile();
    return {
      path,
      text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
      stat: await file.stat(),
    };
  } catch (error) {
    throw misconfigured(`${given} cannot be read as UTF-8 text (${codeOf(error)}); correct it`);
  }
}

export interface Place {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  /** Whose file it becomes. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/**
 * The whole text or, after a crash anywhere, what was there before: written beside it, synced, renamed over it, and the
 * folder synced.
 */
export async function placeFile({ path, text, mode, owner }: Place): Promise<void> {
  const beside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    {
      await using file = await open(beside, 'wx', 0o600);
      await file.writeFile(text);
      await file.sync();
    }
    await dress(beside, mode, owner);
    await moveOver(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    if (error instanceof CutoverError) throw error;
    throw misconfigured(`${path} cannot be written (${codeOf(error)}); let the worker write in its folder`);
  }
}

/** Mode and owner first: from the rename on it is read by others. */
export async function dress(path: string, mode: number, owner?: Place['owner']): Promise<void> {
  if (owner) {
    const now = await stat(path);
    if (now.uid !== owner.uid || now.gid !== owner.gid) {
      await chown(path, owner.uid, owner.gid).catch((error: unknown) => {
        throw misconfigured(
          `${path} cannot be given to its owner ${owner.uid}:${owner.gid} (${codeOf(error)}); run the worker as that user`,
        );
      });
    }
  }
  await chmod(path, mode & 0o7777);
}

export async function moveOver(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(to);
}

/** Gone, whether or not it was there. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
    await syncFolder(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** What a writer that was killed left beside a file. Not those of a minute ago: somebody may be at work. */
export async function removeLitter(path: string): Promise<void> {
  const [folder, name] = [dirname(path), basename(path)];
  for (const entry of await readdir(folder)) {
    if (!entry.startsWith(name) || !/\.[0-9a-f]{12}\.tmp$/.test(entry)) continue;
    const file = join(folder, entry);
    const found = await stat(file).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > 60_000) await rm(file, { force: true });
  }
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(dirname(path), 'r');
  await folder.sync();
}

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : describeError(error);
}

function misconfigured(message: string): CutoverError {
  return new CutoverError('Misconfigured', `${message}.`);
}

const MAX_BYTES = 1024 * 1024;
