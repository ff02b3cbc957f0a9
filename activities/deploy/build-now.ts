import { readlink, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { DeployArgs } from '../../src/core/outside-args';
import type { Resources } from '../resources';

/** What runs now, and what will: a gate's decision is bound to it. Asks no service. */
export async function buildNow(resources: Resources, { service, build }: DeployArgs): Promise<string> {
  const target = resources.target(service);
  if (target.kind !== 'service') return `${service} is of kind ${target.kind} and no service`;
  const current = await readlink(target.current).then(
    (path) => basename(path),
    () => 'no build',
  );
  const there = await stat(join(target.builds, build)).then(
    () => '',
    () => ', which is not among its builds yet',
  );
  return `${service}: ${current} -> ${build}${there}`;
}
