import { isAbsolute, resolve } from 'node:path';
import { CutoverError } from '../../src/core/failure';
import { findProgram, runnable } from '../backup/find-program';
import type { Commands } from '../resources';

/**
 * The absolute path of a program that the worker's config allows: by the very word, looked for in the worker's PATH, or
 * by its path. A path that does not begin with / counts from `commands.cwd`, never from the folder of a step, so that the
 * same word is the same program everywhere.
 *
 * @throws Misconfigured, with what is allowed.
 */
export async function allowedProgram(commands: Commands, root: string, word: string): Promise<string> {
  refuseUnlessAllowed(commands, root, word);
  if (!word.includes('/')) {
    const found = await findProgram(word);
    if (found !== undefined) return found;
    throw misconfigured(
      `The program ${word} is allowed but not found in the worker's PATH; install it, or allow it by its path.`,
    );
  }
  const path = resolve(root, word);
  if (await runnable(path)) return path;
  throw misconfigured(`The program ${path} is allowed but cannot be run; install it, or correct its mode.`);
}

/** For a program of another machine: only the words can be compared. */
export function refuseUnlessAllowed(commands: Commands, root: string, word: string): void {
  const same = (entry: string): boolean =>
    entry === word || (entry.includes('/') && word.includes('/') && resolve(root, entry) === resolve(root, word));
  if (commands.allow.some(same)) return;
  const allowed = commands.allow.map((entry) => (isAbsolute(entry) ? entry : JSON.stringify(entry))).join(', ');
  throw misconfigured(
    `The program ${JSON.stringify(word)} is not allowed by the worker's config, which allows ${allowed === '' ? 'none' : allowed}; add it to commands.allow in cutover.config.yaml, or correct the plan.`,
  );
}

function misconfigured(message: string): CutoverError {
  return new CutoverError('Misconfigured', message);
}
