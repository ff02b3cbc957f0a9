import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, makeOnce } from '../../../src/dev/cache';
import { openRunDir, type RunDir } from '../../../src/dev/run-dir';
import { writeFile } from 'node:fs/promises';

let run: RunDir;
beforeEach(() => {
  run = openRunDir('test');
});
afterEach(() => run.close());

describe('cacheFolder', () => {
  it.each([
    [{ CUTOVER_CACHE: '/c', XDG_CACHE_HOME: '/x' }, '/c'],
    [{ XDG_CACHE_HOME: '/x' }, '/x/cutover'],
    [{}, join(homedir(), '.cache', 'cutover')],
  ])('of %j is %s', (env, folder) => expect(cacheFolder(env)).toBe(folder));
});

describe('makeOnce', () => {
  it('makes a thing once, however many ask at the same time', async () => {
    const target = run.file('cache', 'program');
    let made = 0;
    const ask = (): Promise<string> =>
      makeOnce({
        target,
        make: async (temporary) => {
          made++;
          expect(existsSync(target)).toBe(false);
          await writeFile(temporary, 'whole');
        },
      });
    const answers = await Promise.all([ask(), ask(), ask()]);
    expect(answers.sort()).toEqual(['found', 'found', 'made']);
    expect(made).toBe(1);
    expect(readFileSync(target, 'utf8')).toBe('whole');
    expect(readdirSync(join(target, '..'))).toEqual(['program']);
  });

  it('leaves nothing behind when making fails, so that the next one tries again', async () => {
    const target = run.file('cache', 'program');
    const fails = makeOnce({
      target,
      make: async (temporary) => {
        await writeFile(temporary, 'half');
        throw new Error('no network');
      },
    });
    await expect(fails).rejects.toThrow('no network');
    expect(readdirSync(join(target, '..'))).toEqual([]);
    await expect(makeOnce({ target, make: (temporary) => writeFile(temporary, 'whole') })).resolves.toBe('made');
  });

  it('takes over the lock of a process that died', async () => {
    const target = run.file('cache', 'program');
    const long = new Date(Date.now() - 3_600_000);
    writeFileSync(`${target}.lock`, '1\n');
    utimesSync(`${target}.lock`, long, long);
    await expect(makeOnce({ target, make: (temporary) => writeFile(temporary, 'whole') })).resolves.toBe('made');
  });
});
