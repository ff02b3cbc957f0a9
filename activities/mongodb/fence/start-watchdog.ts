import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverError } from '../../../src/core/failure';
import type { Resources } from '../../resources';
import type { FenceControl, Watchdog } from './control';

export interface Started {
  readonly watchdog: Watchdog;
  readonly child: ChildProcess;
}

/**
 * Starts a process of its own session, which outlives this one, and waits until it has proved by a connection of its own
 * that it looks after this freeze. Its secrets come from the same config and environment as ours; none is in its argv.
 *
 * @throws Misconfigured or FreezeFailed: without a watchdog nothing is fenced.
 */
export async function startWatchdog(
  resources: Resources,
  control: FenceControl,
  freeze: string,
  signal: AbortSignal,
): Promise<Started> {
  const { selfCommand } = resources;
  if (!selfCommand)
    throw new CutoverError(
      'Misconfigured',
      'This worker does not know how it was started, so that it cannot start a watchdog, and without one nothing is fenced. Start it with `cutover worker`.',
    );
  const words = ['fence', 'watch', '--target', control.target, '--freeze', freeze];
  const child = spawn(selfCommand.program, [...selfCommand.args, ...words, ...selfCommand.options], {
    cwd: selfCommand.cwd,
    detached: true,
    env: selfCommand.env(),
    stdio: 'ignore',
  });
  let ended: string | undefined;
  child.once('error', (error) => (ended = `could not be started (${error.message})`));
  child.once('exit', (code, by) => (ended = `ended at once (${code === null ? String(by) : `exit code ${code}`})`));
  child.unref();
  const giveUp = performance.now() + PATIENCE_MS;
  try {
    for (;;) {
      signal.throwIfAborted();
      const found = await control.read();
      if (found?.freeze === freeze && found.watchdog && found.watchdog.pid === child.pid)
        return { watchdog: found.watchdog, child };
      if (ended !== undefined) throw notProved(ended);
      if (performance.now() > giveUp) throw notProved(`gave no sign of life within ${PATIENCE_MS / 1000} s`);
      await sleep(LOOK_MS, undefined, { signal });
    }
  } catch (error) {
    child.kill();
    throw error;
  }
}

/** When there is nothing left to look after. It would find that out by itself within a second. */
export async function dismiss(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit', { signal: AbortSignal.timeout(DISMISS_MS) }).catch(() => undefined);
  child.kill();
  await gone;
}

function notProved(how: string): CutoverError {
  return new CutoverError(
    'FreezeFailed',
    `The watchdog ${how}, so nothing was fenced. Try it by hand in the worker's folder: \`cutover fence status\`.`,
  );
}

const PATIENCE_MS = 30_000;
const LOOK_MS = 50;
const DISMISS_MS = 2_000;
