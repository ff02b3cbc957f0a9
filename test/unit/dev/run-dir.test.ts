import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeAbandoned } from '../../../src/dev/abandoned-run-dirs';
import { openRunDir } from '../../../src/dev/run-dir';
import { rm } from 'node:fs/promises';

describe('openRunDir', () => {
  it('may be passed through but not listed by others, and is removed at the end', async () => {
    const run = openRunDir('test');
    expect(statSync(run.path).mode & 0o777).toBe(0o711);
    writeFileSync(run.file('logs', 'a.log'), 'a');
    await run.close();
    expect(existsSync(run.path)).toBe(false);
  });

  it('stays with CUTOVER_KEEP=1', async () => {
    const run = openRunDir('test', { CUTOVER_KEEP: '1' });
    await run.close();
    expect(existsSync(run.path)).toBe(true);
    await rm(run.path, { recursive: true });
  });
});

describe('removeAbandoned', () => {
  it('removes the folders of killed processes of this host, and no other', async () => {
    const parent = mkdtempSync(join(tmpdir(), 'abandoned-'));
    const dead = spawnSync('true').pid;
    const folder = (name: string, owner?: object): string => {
      const path = join(parent, name);
      mkdirSync(path);
      if (owner !== undefined) writeFileSync(join(path, '.owner'), JSON.stringify(owner));
      return path;
    };
    const gone = folder('cutover-dev-aaaaaa', { pid: dead, host: hostname() });
    const kept = [
      folder('cutover-dev-bbbbbb', { pid: process.pid, host: hostname() }),
      folder('cutover-dev-cccccc', { pid: dead, host: 'elsewhere' }),
      folder('cutover-dev-dddddd'),
      folder('something-aaaaaa', { pid: dead, host: hostname() }),
    ];
    removeAbandoned(parent);
    expect(existsSync(gone)).toBe(false);
    for (const path of kept) expect(existsSync(path)).toBe(true);
    await rm(parent, { recursive: true });
  });
});
