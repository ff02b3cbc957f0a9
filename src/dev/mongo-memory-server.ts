import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from './project-root';

/**
 * The mongod programs that npm's mongodb-memory-server has downloaded, newest name first; none where that package is not
 * installed. It is no dependency of ours, and nothing is downloaded here.
 */
export async function downloadedMongods(
  env: NodeJS.ProcessEnv,
  root: string = projectRoot(),
): Promise<readonly string[]> {
  if (!isInstalled(root)) return [];
  const folders = [
    ...(env.MONGOMS_DOWNLOAD_DIR ? [env.MONGOMS_DOWNLOAD_DIR] : []),
    join(root, 'node_modules', '.cache', 'mongodb-memory-server'),
    join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mongodb-binaries'),
  ];
  const found = await Promise.all(folders.map(mongodsIn));
  return found.flat();
}

function isInstalled(root: string): boolean {
  const names = ['mongodb-memory-server', 'mongodb-memory-server-core'];
  return names.some((name) => existsSync(join(root, 'node_modules', name, 'package.json')));
}

/** Named "mongod-x64-debian-8.0.4", or in a folder named after the version. */
async function mongodsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names
    .filter((name) => /(^|[\\/])mongod(-[\w.-]*\d)?$/.test(name))
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((name) => join(folder, name));
}
