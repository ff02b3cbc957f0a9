import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../src/dev/project-root';

/**
 * Watchdogs outlive their worker: that is what they are for. Those of tests whose server is gone would wait a day for it;
 * they are ended by their pid, when they were started from this folder and since this run of tests began.
 */
export async function endWatchdogs(since: number): Promise<number> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  let ended = 0;
  for (const pid of pids) {
    const argv = (await readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '')).split('\0');
    if (!argv.some((word) => word.startsWith(projectRoot())) || argv.indexOf('watch') !== argv.indexOf('fence') + 1)
      continue;
    const started = await stat(join('/proc', pid)).catch(() => undefined);
    if (!started || started.mtimeMs < since) continue;
    process.kill(Number(pid), 'SIGTERM');
    ended += 1;
  }
  return ended;
}
