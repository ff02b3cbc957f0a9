import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/dev/project-root';

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>>; readonly resolved?: string }>
  >;
}

const lock = JSON.parse(readFileSync(join(projectRoot(), 'package-lock.json'), 'utf8')) as Lock;

test('the lockfile has an entry for the optional packages of every platform, so that `npm ci` works on each', () => {
  const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) =>
        path !== '' &&
        /(linux|darwin|win32|android|freebsd)/.test(name) &&
        !lock.packages[`node_modules/${name}`] &&
        !lock.packages[`${path}/node_modules/${name}`],
    ),
  );
  expect(missing).toEqual([]); // node tools/lockfile/complete.mjs
});

test('the lockfile names no registry', () => {
  expect(Object.values(lock.packages).filter((p) => p.resolved?.startsWith('http'))).toEqual([]);
});
