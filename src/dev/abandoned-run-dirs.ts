import { lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { errorCode } from './error-code';

const MARK = '.owner';

/** Notes which process a run folder belongs to, so that a later one may remove it when that process was killed. */
export function markOwner(folder: string): void {
  writeFileSync(join(folder, MARK), JSON.stringify({ pid: process.pid, host: hostname() }), { mode: 0o600 });
}

/**
 * Removes run folders whose process was killed before it could. Only marked ones of this user and this host: a pid of
 * another container says nothing here. Folders kept with CUTOVER_KEEP=1 carry no mark.
 */
export function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent)) {
    const folder = join(parent, name);
    if (/^cutover-.+-\w{6}$/.test(name) && isAbandoned(folder))
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function isAbandoned(folder: string): boolean {
  try {
    const found = lstatSync(folder);
    if (!found.isDirectory() || found.uid !== process.getuid?.()) return false;
    const mark: unknown = JSON.parse(readFileSync(join(folder, MARK), 'utf8'));
    if (typeof mark !== 'object' || mark === null || !('pid' in mark) || !('host' in mark)) return false;
    return mark.host === hostname() && typeof mark.pid === 'number' && !isAlive(mark.pid);
  } catch {
    return false; // no mark, or another process is removing it
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}
