import { chmodSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findPostgres } from '../../../src/dev/postgres-binaries';
import { silent } from '../../../src/dev/progress';
import { projectRoot } from '../../../src/dev/project-root';
import { openRunDir, type RunDir } from '../../../src/dev/run-dir';
import { findOrBuildTemporal, findTemporal } from '../../../src/dev/temporal-binary';

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

function postgres(folder: string, version: string, without?: string): string {
  for (const name of ['postgres', 'initdb', 'pg_dump', 'pg_restore', 'psql'].filter((name) => name !== without)) {
    program([folder, name], `${name} (PostgreSQL) ${version}`);
  }
  return join(run.path, folder);
}

describe('findTemporal', () => {
  const env = (more: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({ CUTOVER_CACHE: join(run.path, 'cache'), ...more });

  it('takes TEMPORAL_CLI_PATH before PATH, PATH before the cache, the cache last', async () => {
    const cached = program(['cache', 'bin', 'temporal-1.8.2'], 'temporal version 1.8.2');
    const onPath = program(['path', 'temporal'], 'temporal version 1.7.0 (Server 1.31.0)');
    const named = program(['named'], 'temporal version 1.6.1');
    const PATH = dirname(onPath);
    await expect(findTemporal(env({ PATH, TEMPORAL_CLI_PATH: named }))).resolves.toMatchObject({
      path: named,
      version: '1.6.1',
    });
    await expect(findTemporal(env({ PATH }))).resolves.toMatchObject({ path: onPath, version: '1.7.0' });
    await expect(findTemporal(env({ PATH: '' }))).resolves.toMatchObject({ path: cached, version: '1.8.2' });
  });

  it('passes over one on PATH that is too old', async () => {
    const old = program(['path', 'temporal'], 'temporal version 0.13.2');
    await expect(findTemporal(env({ PATH: dirname(old) }))).resolves.toBeUndefined();
  });

  it('refuses a TEMPORAL_CLI_PATH that does not run', async () => {
    const wanted = findTemporal(env({ TEMPORAL_CLI_PATH: join(run.path, 'nothing') }));
    await expect(wanted).rejects.toThrow(/TEMPORAL_CLI_PATH is .*nothing, which does not run/);
  });

  it('without a server and without a Go new enough says what to install', async () => {
    await expect(findOrBuildTemporal(silent, env({ PATH: run.path }))).rejects.toThrow(
      /no Go to build it with\. Install/,
    );
    const go = program(['go-old', 'go'], 'go version go1.22.1 linux/amd64');
    const PATH = `${dirname(go)}:/bin:/usr/bin`;
    await expect(findOrBuildTemporal(silent, env({ PATH }))).rejects.toThrow(/Go is too old .*go1\.22\.1.*1\.26\.4/);
  });
});

describe('findPostgres', () => {
  const find = (CUTOVER_PG_BIN: string, major?: number) =>
    findPostgres({ major, progress: silent, env: { CUTOVER_PG_BIN } });

  it('takes CUTOVER_PG_BIN first', async () => {
    const bin = postgres('pg', '16.10');
    await expect(find(bin)).resolves.toEqual({ bin, clients: bin, major: 16, version: '16.10', how: 'CUTOVER_PG_BIN' });
  });

  it.each([
    ['13.22', undefined, /is 13\.22, which is not supported.*14 to 18/],
    ['19.1', undefined, /is 19\.1, which is not supported/],
    ['16.10', 17, /PostgreSQL 17 is asked for, but CUTOVER_PG_BIN is 16\.10/],
  ])('refuses %s there when %s is asked for', async (version, major, message) => {
    await expect(find(postgres('pg', version), major)).rejects.toThrow(message);
  });

  it('names the program that a folder lacks', async () => {
    await expect(find(postgres('pg', '16.10', 'pg_dump'))).rejects.toThrow(/has no pg_dump/);
  });

  it('refuses majors outside 14 to 18 before looking', async () => {
    await expect(findPostgres({ major: 13, progress: silent, env: {} })).rejects.toThrow(
      /13 is not supported.*14 to 18/,
    );
  });

  it('finds a whole installation on PATH before the usual folders', async () => {
    const bin = postgres('pg', '18.1');
    const found = await findPostgres({ progress: silent, env: { PATH: bin } });
    expect(found).toMatchObject({ bin, major: 18, how: 'on PATH' });
  });
});

describe('projectRoot', () => {
  it('is the same from sources and from the compiled folder', () => {
    const root = projectRoot();
    expect(projectRoot(join(root, 'lib', 'src', 'dev'))).toBe(root);
    expect(() => projectRoot('/')).toThrow(/No package\.json named "cutover" lies above/);
  });
});
