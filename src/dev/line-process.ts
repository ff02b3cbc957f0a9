import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { describeExit, type ChildExit } from './child';
import { onExit } from './on-exit';
import { dieWithParent } from './pdeathsig';

export interface LineProcessOptions {
  /** For people: "the application". */
  readonly name: string;
  /** Compiled JavaScript, run by this Node. */
  readonly script: string;
  readonly args?: readonly string[];
  /** The whole environment beside PATH and HOME: secrets travel here, never in argv. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Receives stdout and stderr. */
  readonly logFile: string;
}

export interface LineProcess {
  readonly pid: number;
  readonly exited: Promise<ChildExit>;
  /** The first JSON line with this `type`, also one that has already come. Rejects when the process ends without it. */
  first(type: string): Promise<Line>;
  /** The newest JSON line with this `type`. */
  latest(type: string): Line | undefined;
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL after `patience` ms; returns when it is gone. */
  stop(patience?: number): Promise<ChildExit>;
}

export type Line = Readonly<Record<string, unknown>> & { readonly type: string };

/** A process of ours that tells on stdout, in JSON lines, how it is doing. It does not outlive us. */
export function startLineProcess(options: LineProcessOptions): LineProcess {
  const { command, args } = dieWithParent(
    { command: process.execPath, args: [options.script, ...(options.args ?? [])] },
    'SIGKILL',
  );
  const { PATH, HOME } = process.env;
  const child = spawn(command, [...args], {
    env: { ...(PATH ? { PATH } : {}), ...(HOME ? { HOME } : {}), ...options.env },
    cwd: options.cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = createWriteStream(options.logFile, { flags: 'a', mode: 0o600 });
  child.stderr.pipe(log, { end: false });
  const lines = new Lines();
  createInterface({ input: child.stdout }).on('line', (text) => {
    log.write(`${text}\n`);
    lines.add(text);
  });
  const exited = new Promise<ChildExit>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: 127, signal: null }));
  });
  const kill = (signal: NodeJS.Signals): void => void child.kill(signal);
  const stop = async (patience = 20_000): Promise<ChildExit> => {
    kill('SIGTERM');
    const timer = setTimeout(() => kill('SIGKILL'), patience);
    const exit = await exited;
    clearTimeout(timer);
    return exit;
  };
  const forget = onExit({ name: options.name, close: async () => void (await stop()), abandon: () => kill('SIGKILL') });
  void exited.then((exit) => {
    forget();
    log.end();
    lines.close(`${options.name} ended with ${describeExit(exit)}; its log is ${options.logFile}.`);
  });
  return {
    pid: child.pid ?? 0,
    exited,
    first: (type) => lines.first(type),
    latest: (type) => lines.latest(type),
    kill,
    stop,
  };
}

class Lines {
  private readonly seen = new Map<string, { first: Line; latest: Line }>();
  private readonly waiting = new Map<string, { resolve: (line: Line) => void; reject: (error: Error) => void }[]>();
  private closed: string | undefined;

  add(text: string): void {
    const line = parsed(text);
    if (!line) return;
    this.seen.set(line.type, { first: this.seen.get(line.type)?.first ?? line, latest: line });
    for (const waiter of this.waiting.get(line.type) ?? []) waiter.resolve(line);
    this.waiting.delete(line.type);
  }

  first(type: string): Promise<Line> {
    const known = this.seen.get(type)?.first;
    if (known) return Promise.resolve(known);
    if (this.closed !== undefined) return Promise.reject(new Error(this.closed));
    return new Promise((resolve, reject) => {
      this.waiting.set(type, [...(this.waiting.get(type) ?? []), { resolve, reject }]);
    });
  }

  latest(type: string): Line | undefined {
    return this.seen.get(type)?.latest;
  }

  close(why: string): void {
    this.closed = why;
    for (const waiters of this.waiting.values()) for (const waiter of waiters) waiter.reject(new Error(why));
    this.waiting.clear();
  }
}

function parsed(text: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const line = value as Record<string, unknown>;
    if (line['ready'] === true) return { ...line, type: 'ready' };
    return typeof line['type'] === 'string' ? (line as Line) : undefined;
  } catch {
    return undefined;
  }
}
