import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { projectRoot } from '../../../../src/dev/project-root';
import { temporaryFolder } from '../../runtime/temp-file';

const folder = temporaryFolder();
const support = (name: string): string => join(projectRoot(), 'test/support', name);

const folders = (process.env.PATH ?? '').split(':');
const guarded = process.platform === 'linux' && folders.some((path) => existsSync(join(path, 'setpriv')));

/** Skipped by name where there is no setpriv. */
(guarded ? it : it.skip)(
  'a program dies with its worker, even one that is killed',
  async () => {
    const worker = spawn(process.execPath, [
      '-r',
      support('swc-register.cjs'),
      support('victim.ts'),
      'command',
      folder.path,
    ]);
    await eventually(() => existsSync(join(folder.path, 'pid')));
    const pid = Number(readFileSync(join(folder.path, 'pid'), 'utf8'));
    expect(alive(pid)).toBe(true);
    worker.kill('SIGKILL');
    await once(worker, 'close');
    await eventually(() => !alive(pid));
  },
  30_000,
);

async function eventually(holds: () => boolean): Promise<void> {
  for (const until = Date.now() + 15_000; !holds(); await delay(20)) {
    if (Date.now() > until) throw new Error('It did not come true.');
  }
}

function alive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
