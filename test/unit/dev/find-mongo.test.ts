import { chmodSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findMongo, findOrBuildMongo } from '../../../src/dev/mongo-binary';
import { downloadedMongods } from '../../../src/dev/mongo-memory-server';
import { silent } from '../../../src/dev/progress';
import { openRunDir, type RunDir } from '../../../src/dev/run-dir';

let run: RunDir;
beforeEach(() => {
  run = openRunDir('test');
});
afterEach(() => run.close());

/** A program that prints one line: stands for an installed one, whose version is all that is asked. */
function program(path: readonly string[], says: string): string {
  const file = run.file(...path);
  writeFileSync(file, `#!/bin/sh\necho '${says}'\n`);
  chmodSync(file, 0o755);
  return file;
}

const env = (more: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({ CUTOVER_CACHE: join(run.path, 'cache'), ...more });

describe('findMongo', () => {
  it('takes MONGOD_PATH before PATH, PATH before the cache', async () => {
    const cached = program(['cache', 'bin', 'secantusd-rs-0.5.3-beta.196'], '');
    const onPath = program(['path', 'mongod'], 'db version v7.0.14');
    const named = program(['named'], 'db version v8.0.4');
    const PATH = dirname(onPath);
    await expect(findMongo(env({ PATH, MONGOD_PATH: named }))).resolves.toMatchObject({
      kind: 'mongod',
      path: named,
      name: 'MongoDB 8.0.4',
    });
    await expect(findMongo(env({ PATH }))).resolves.toMatchObject({ path: onPath, version: '7.0.14', how: 'on PATH' });
    await expect(findMongo(env({ PATH: '' }))).resolves.toMatchObject({ kind: 'secantusd-rs', path: cached });
  });

  it('passes over one on PATH that is too old', async () => {
    const old = program(['path', 'mongod'], 'db version v4.4.29');
    await expect(findMongo(env({ PATH: dirname(old) }))).resolves.toBeUndefined();
  });

  it.each([
    [
      'one that is too old',
      'db version v5.0.1',
      /MONGOD_PATH cannot be used: .* is MongoDB 5\.0\.1; supported are 6 to 8/,
    ],
    ['one that says no version', 'hello', /MONGOD_PATH cannot be used: .* does not run as mongod/],
  ])('refuses a MONGOD_PATH that is %s', async (_what, says, message) => {
    await expect(findMongo(env({ MONGOD_PATH: program(['named'], says) }))).rejects.toThrow(message);
  });

  it('without a server, Rust or Python says what was tried and what to install', async () => {
    await expect(findOrBuildMongo(silent, env({ PATH: run.path }))).rejects.toThrow(
      /`cargo \+nightly` does not run here[^]*Python 3 was not found[^]*Install MongoDB 6 to 8/,
    );
  });
});

describe('downloadedMongods', () => {
  it("knows mongodb-memory-server's downloads, newest first, only where that package is installed", async () => {
    const folder = ['node_modules', '.cache', 'mongodb-memory-server'];
    const older = program([...folder, 'mongod-x64-debian-8.0.4'], '');
    const newer = program([...folder, 'mongod-x64-debian-8.0.14'], '');
    program([...folder, 'mongod-x64-debian-8.0.14.lock'], '');
    const empty = env({ XDG_CACHE_HOME: run.path });
    await expect(downloadedMongods(empty, run.path)).resolves.toEqual([]);
    writeFileSync(run.file('node_modules', 'mongodb-memory-server', 'package.json'), '{}');
    await expect(downloadedMongods(empty, run.path)).resolves.toEqual([newer, older]);
  });
});
