import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { cacheFolder } from './cache';
import { runOrThrow } from './command';
import { withLock } from './lock';
import type { Progress } from './progress';
import { findPython, pythonRuns, type Python } from './python';
import { makeVenv, venvPython } from './python-make-venv';

export interface VenvOptions {
  /** Lower case letters, digits and dashes; the folder's name begins with it. */
  readonly name: string;
  /** Each "name==version", extras allowed: "uvicorn[standard]==0.35.0". */
  readonly requirements: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export interface Venv {
  /** The path of its interpreter; run modules with `-m`. */
  readonly python: string;
  /** "3.11.7" */
  readonly version: string;
}

/**
 * A Python virtual environment with these packages, made once per cache, set of requirements and Python. A venv cannot
 * be moved, so each is made under a name of its own, and a marker file, renamed into place last, says which one is whole.
 *
 * @throws when there is no Python 3, no way to make a venv, or pip fails.
 */
export async function pythonVenv(options: VenvOptions, progress: Progress): Promise<Venv> {
  requirePinned(options.requirements);
  const env = options.env ?? process.env;
  const python = await findPython(env);
  if (python === undefined) throw new Error('Python 3 was not found on PATH; install python3 and python3-venv.');
  const marker = join(cacheFolder(env), 'python', `${options.name}-${keyOf(options.requirements, python)}`);
  const made =
    (await madeEarlier(marker, env)) ??
    (await progress.step(`Python packages of ${options.name} (once)`, async (note) => {
      await mkdir(dirname(marker), { recursive: true });
      const onWait = (): void => note('another process is installing them');
      const found = await withLock({ path: `${marker}.lock`, onWait }, async () => {
        return (await madeEarlier(marker, env)) ?? (await make({ ...options, env, python, marker, note }));
      });
      note(dirname(dirname(found)));
      return found;
    }));
  return { python: made, version: python.version };
}

/** 12 hex digits that change with the set of requirements, the Python version and where that Python is installed. */
function keyOf(requirements: readonly string[], python: Python): string {
  const text = JSON.stringify([[...requirements].sort(), python.version, python.prefix]);
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

function requirePinned(requirements: readonly string[]): void {
  const loose = requirements.find((one) => !/^[A-Za-z0-9][\w.-]*(\[[\w,-]+\])?==\d[\w.!+-]*$/.test(one));
  if (loose === undefined) return;
  throw new Error(`The Python requirement "${loose}" is not pinned; write it as name==version.`);
}

async function madeEarlier(marker: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const folder = await readFile(marker, 'utf8').catch(() => undefined);
  if (folder === undefined) return undefined;
  const python = venvPython(join(dirname(marker), folder.trim()));
  return (await pythonRuns(python, env)) ? python : undefined;
}

async function make(wanted: {
  readonly requirements: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly python: Python;
  readonly marker: string;
  readonly note: (text: string) => void;
}): Promise<string> {
  const { requirements, env, python, marker, note } = wanted;
  await removeHalfMade(marker);
  const folder = `${marker}.${randomBytes(4).toString('hex')}`;
  try {
    await makeVenv(python, folder, env);
    let packages = 0;
    await runOrThrow('Installing Python packages', {
      command: venvPython(folder),
      args: ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', ...requirements],
      env,
      onLine: (line) => {
        if (/^(Collecting|Installing) /.test(line)) note(`${++packages} packages seen`);
      },
    });
    const temporary = `${folder}.marker`;
    await writeFile(temporary, `${basename(folder)}\n`);
    await rename(temporary, marker);
    return venvPython(folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** What a killed process left behind; an hour's grace for one whose lock was wrongly thought stale. */
async function removeHalfMade(marker: string): Promise<void> {
  const current = await readFile(marker, 'utf8').catch(() => '');
  for (const name of await readdir(dirname(marker))) {
    if (!name.startsWith(`${basename(marker)}.`) || name.endsWith('.lock') || name === current.trim()) continue;
    const path = join(dirname(marker), name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > 3_600_000) await rm(path, { recursive: true, force: true });
  }
}
