import { readdir, readFile } from 'node:fs/promises';

/** The variable by which a later attempt knows what an earlier one started; everything it starts inherits it. */
export const MARK = 'CUTOVER_COMMAND';

/**
 * Ends what an earlier attempt of the same command left running on this machine: its worker died or was stopped, and the
 * program goes on as if somebody still waited for it. Whole families, sessions of their own included.
 *
 * Linux only: elsewhere nothing is found, and the step's `verify` has to tell.
 *
 * @returns how many there were.
 */
export async function endLeftovers(mark: string): Promise<number> {
  const found = await marked(mark);
  for (const pid of found) send(pid, 'SIGTERM');
  const until = Date.now() + STUBBORN_MS;
  let left = found;
  while (left.length > 0 && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    left = await marked(mark);
  }
  for (const pid of left) send(pid, 'SIGKILL');
  return found.length;
}

async function marked(mark: string): Promise<readonly number[]> {
  const entries = await readdir('/proc').catch(() => []);
  const line = `\0${MARK}=${mark}\0`;
  const found = await Promise.all(
    entries
      .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
      // Other people's processes cannot be read, and a zombie's environment is empty.
      .map(async (entry) =>
        `\0${await readFile(`/proc/${entry}/environ`, 'utf8').catch(() => '')}`.includes(line) ? Number(entry) : 0,
      ),
  );
  return found.filter((pid) => pid > 0);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone meanwhile
  }
}

const STUBBORN_MS = 5_000;
const POLL_MS = 50;
