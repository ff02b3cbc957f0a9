import { readFileSync } from 'node:fs';
import { chown, cp, mkdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root. Under root this is `postgres`, else `nobody`; otherwise undefined: run as we are. */
export function postgresUser(): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find(([user]) => user === name) ?? [];
    if (uid !== undefined && gid !== undefined) return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(
    'PostgreSQL does not run as root, and neither user postgres nor nobody exists; run cutover as another user.',
  );
}

/** Creates a folder that only this user (default: ourselves) may enter. */
export async function privateFolder(path: string, user: SystemUser | undefined): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (user === undefined) return;
  const closed = await firstClosed(dirname(path));
  if (closed !== undefined) {
    throw new Error(
      `PostgreSQL runs as ${user.name} and cannot reach ${path}, because ${closed} is closed to others; put the data folder elsewhere, for example under the system's temporary folder.`,
    );
  }
  await chown(path, user.uid, user.gid);
}

/**
 * A bin folder that `user` can run from. The cache lies in root's home, which is closed to others: the programs are
 * then copied (with lib and share, 40 MB) into `workplace`.
 */
export async function reachableBin(bin: string, user: SystemUser | undefined, workplace: string): Promise<string> {
  if (user === undefined || (await firstClosed(bin)) === undefined) return bin;
  const copy = join(workplace, 'postgresql');
  for (const part of [basename(bin), 'lib', 'share']) {
    const from = join(dirname(bin), part);
    if ((await stat(from).catch(() => undefined)) === undefined) continue;
    await cp(from, join(copy, part), { recursive: true, verbatimSymlinks: true, force: false });
  }
  return join(copy, basename(bin));
}

/** The outermost folder on the way to `path` that others may not pass, or undefined. */
async function firstClosed(path: string): Promise<string | undefined> {
  const above = dirname(path) === path ? undefined : await firstClosed(dirname(path));
  if (above !== undefined) return above;
  return ((await stat(path)).mode & 0o001) === 0 ? path : undefined;
}
