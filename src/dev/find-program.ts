import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Whether `path` is a file that this user may run. */
export async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Every different file named `name` on PATH, links resolved, in PATH's order. */
export async function programsOnPath(name: string, path: string | undefined): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const folder of (path ?? '').split(delimiter).filter((part) => part !== '')) {
    const file = join(folder, name);
    if (await isProgram(file)) found.add(await realpath(file));
  }
  return [...found];
}
