import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** The path of a program, or undefined. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of pathFolders()) {
    if (await runnable(join(folder, name))) return join(folder, name);
  }
  return undefined;
}

export function pathFolders(): readonly string[] {
  return (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
}

export async function runnable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
