import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { onExit } from './on-exit';
import { dieWithParent } from './pdeathsig';

/** How a long-living server is started. */
export interface ChildOptions {
  /** For people: "PostgreSQL", "Temporal server". */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment; nothing is inherited beside it. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Receives stdout and stderr, appended. */
  readonly logFile: string;
  /** Run as this user; needs root. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Sent one after the other until it ends; the last should be SIGKILL. */
  readonly stopSignals: readonly NodeJS.Signals[];
  /** How long each of them may take, in ms. */
  readonly patience?: number;
  /** Sent when we die or exit without a chance to stop it politely. */
  readonly orphanSignal: NodeJS.Signals;
}

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Settles when it ended, for whatever reason; never rejects. */
  readonly exited: Promise<ChildExit>;
  /** How it ended, or undefined while it runs. */
  readonly exit: () => ChildExit | undefined;
  /** Sends one signal; false when it has already ended. */
  readonly kill: (signal: NodeJS.Signals) => boolean;
  /** Stops it, politely first; returns when it is gone. */
  readonly stop: (signals?: readonly NodeJS.Signals[]) => Promise<ChildExit>;
}

/**
 * Starts a server that cannot outlive this process: it is stopped at exit, on Ctrl-C, and by the kernel when we are
 * killed. It gets a process group of its own, so that Ctrl-C in a terminal reaches only us and we stop it in order.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const spawned = await spawnLogged(options);
  let exit: ChildExit | undefined;
  const exited = new Promise<ChildExit>((resolve) => {
    spawned.process.once('exit', (code, signal) => resolve((exit = { code, signal })));
  });
  const kill = (signal: NodeJS.Signals): boolean => exit === undefined && spawned.process.kill(signal);
  const stop = async (signals: readonly NodeJS.Signals[] = options.stopSignals): Promise<ChildExit> => {
    for (const signal of signals) {
      if (!kill(signal)) break;
      if (await settlesWithin(exited, options.patience ?? 10_000)) break;
    }
    return exited;
  };
  const forget = onExit({
    name: options.name,
    close: async () => void (await stop()),
    abandon: () => void kill(options.orphanSignal),
  });
  void exited.then(forget);
  return { name: options.name, pid: spawned.pid, exited, exit: () => exit, kill, stop };
}

/** "exit code 1" or "signal SIGKILL", for a sentence. */
export function describeExit(exit: ChildExit): string {
  return exit.signal === null ? `exit code ${exit.code ?? 'unknown'}` : `signal ${exit.signal}`;
}

async function spawnLogged(options: ChildOptions): Promise<{ process: ChildProcess; pid: number }> {
  const { command, args } = dieWithParent(options, options.orphanSignal);
  const log = openSync(options.logFile, 'a', 0o600);
  try {
    const child = spawn(command, [...args], {
      env: options.env,
      cwd: options.cwd,
      detached: true,
      stdio: ['ignore', log, log],
      ...options.user,
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    if (child.pid === undefined) throw new Error(`${options.name} was started but has no process id.`);
    return { process: child, pid: child.pid };
  } catch (error) {
    throw new Error(
      `${options.name} could not be started from ${options.command}; check that the file exists and may be run.`,
      {
        cause: error,
      },
    );
  } finally {
    closeSync(log);
  }
}

async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
