import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { findProgram } from '../backup/find-program';

export interface GroupSpec {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface ChildGroup {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Asks the whole group to end; after 5 seconds it is ended. False when the program was over by itself. */
  stop(): boolean;
  /** Settles when the program is gone and so is what it left in its group. Rejects when it could not be started. */
  readonly ended: Promise<Exit>;
}

/**
 * Starts a program in a process group of its own, without a shell and without an input. Where setpriv is there the
 * kernel ends it when this process dies; elsewhere it goes on until it writes, and its step looks first.
 */
export async function startGroup(spec: GroupSpec): Promise<ChildGroup> {
  setpriv ??= process.platform === 'linux' ? findProgram('setpriv') : Promise.resolve(undefined);
  const found = await setpriv;
  const guard = found === undefined ? [] : [found, '--pdeathsig', 'TERM', '--'];
  const [program = spec.program, ...args] = [...guard, spec.program, ...spec.args];
  const child = spawn(program, args, {
    cwd: spec.cwd,
    env: { ...spec.env },
    detached: true,
    shell: false,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let asked = false;
  const ended = ending(child, () => asked);
  let over = false;
  const settle = (): void => void (over = true);
  ended.then(settle, settle);
  const stop = (): boolean => {
    const running = child.exitCode === null && child.signalCode === null;
    if (!asked && !over) {
      asked = true;
      signal(child, 'SIGTERM');
      // Once it is over its number may be another's.
      setTimeout(() => over || signal(child, 'SIGKILL'), STUBBORN_MS).unref();
    }
    return running;
  };
  return { stdout: child.stdout, stderr: child.stderr, stop, ended };
}

type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

async function ending(child: ChildProcess, asked: () => boolean): Promise<Exit> {
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const exited = await new Promise<Exit>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, by) => resolve({ code, signal: by }));
  });
  // Its last words are in the pipe; whoever of its children still holds the pipe is not waited for.
  await within(closed, DRAIN_MS);
  // A script that ends right behind `setsid service &` has a service that is about to leave the group.
  if (!asked()) await isGone(child, LEAVE_MS, asked);
  await endRest(child);
  child.stdout?.destroy();
  child.stderr?.destroy();
  return exited;
}

/** What outlives its program: nobody would ever ask for it again. They are no children of ours, so no event tells of their end. */
async function endRest(child: ChildProcess): Promise<void> {
  if (!signal(child, 'SIGTERM')) return;
  if (!(await isGone(child, STUBBORN_MS))) signal(child, 'SIGKILL');
}

async function isGone(child: ChildProcess, ms: number, hurry: () => boolean = () => false): Promise<boolean> {
  for (const until = Date.now() + ms; signal(child, 0);) {
    if (Date.now() > until || hurry()) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
}

/** False when the group is gone. */
function signal(child: ChildProcess, name: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  try {
    return process.kill(-child.pid, name);
  } catch {
    return false;
  }
}

async function within(event: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([event, late]);
  clearTimeout(timer);
}

let setpriv: Promise<string | undefined> | undefined;
const STUBBORN_MS = 5_000;
const LEAVE_MS = 1_000;
const DRAIN_MS = 250;
const POLL_MS = 50;
