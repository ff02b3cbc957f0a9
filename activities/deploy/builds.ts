import { lstat, readdir, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { CutoverError } from '../../src/core/failure';
import type { ServiceTarget } from '../resources';

/** The build that the link names. @throws Misconfigured when it is no link. */
export async function currentBuild(service: ServiceTarget): Promise<string> {
  return basename(await linkOf(service));
}

/**
 * Turns the link, by a rename: whoever reads it meanwhile sees the one build or the other. Relative stays relative.
 *
 * @throws Misconfigured when there is no such build.
 */
export async function setBuild(service: ServiceTarget, build: string): Promise<void> {
  await requireBuild(service, build);
  const before = await linkOf(service);
  const wanted = join(service.builds, build);
  const to = isAbsolute(before) ? wanted : relative(dirname(service.current), wanted);
  const beside = `${service.current}.cutover-next`;
  await rm(beside, { force: true }); // of an attempt that died
  await symlink(to, beside);
  await rename(beside, service.current);
}

export async function requireBuild(service: ServiceTarget, build: string): Promise<void> {
  const plain = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(build);
  if (plain && (await isFolder(join(service.builds, build)))) return;
  const there = await readdir(service.builds).catch(() => []);
  throw new CutoverError(
    'Misconfigured',
    `Service "${service.name}" has no build ${JSON.stringify(build)} in ${service.builds}; there ${there.length === 0 ? 'is none' : `are ${there.sort().slice(0, 20).join(', ')}`}. Put it there, or correct the plan.`,
  );
}

async function linkOf(service: ServiceTarget): Promise<string> {
  const found = await lstat(service.current).catch(() => undefined);
  if (found?.isSymbolicLink()) return readlink(service.current);
  throw new CutoverError(
    'Misconfigured',
    `${service.current}, \`current\` of service "${service.name}", is no symbolic link; make it one that names a folder in ${service.builds}.`,
  );
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
