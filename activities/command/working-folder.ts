import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { CutoverError } from '../../src/core/failure';
import type { Commands } from '../resources';

export interface WorkingFolder {
  /** `commands.cwd`, or where the worker was started. */
  readonly root: string;
  readonly folder: string;
}

/**
 * Where a command runs: a folder of the plan within the one of the worker's config. Both are taken as they really are,
 * so that neither `..` nor a symbolic link leads out.
 *
 * @throws Misconfigured.
 */
export async function workingFolder(commands: Commands, cwd = '.'): Promise<WorkingFolder> {
  const root = await real(resolve(commands.cwd ?? process.cwd()), 'commands.cwd of the worker');
  const folder = await real(resolve(root, cwd), `the folder ${JSON.stringify(cwd)} of the plan`);
  const inside = relative(root, folder);
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    throw new CutoverError(
      'Misconfigured',
      `The folder ${JSON.stringify(cwd)} of the plan lies outside commands.cwd of the worker; name one within it.`,
    );
  }
  return { root, folder };
}

async function real(path: string, what: string): Promise<string> {
  try {
    const found = await realpath(path);
    if ((await stat(found)).isDirectory()) return found;
  } catch {
    // said below
  }
  throw new CutoverError('Misconfigured', `There is no folder for ${what}; create it, or correct its name.`);
}
