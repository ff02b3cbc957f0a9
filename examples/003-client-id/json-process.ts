import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { onExit } from '../../src/dev/on-exit';
import { dieWithParent } from '../../src/dev/pdeathsig';
import { exampleProcess } from './paths';

/** A line of JSON on a process's stdout. */
export type Line = { readonly type: string } & Readonly<Record<string, unknown>>;

export interface JsonProcess {
  readonly pid: number;
  /** The newest line of this type, if there was one. */
  readonly last: (type: string) => Line | undefined;
  /** Settles at the next line of this type; rejects when the process ends without one. */
  readonly next: (type: string) => Promise<Line>;
  /** Sends SIGTERM and waits for the end; throws when the exit code is not 0. */
  readonly stop: () => Promise<void>;
  /** Sends any other signal; the process is then expected to end, or to stand still, in its own way. */
  readonly signal: (signal: NodeJS.Signals) => void;
  /** How it ended; never rejects. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** Runs one compiled entry of this example by `node`. It ends with this process, however this process ends. */
export function startJsonProcess(input: {
  readonly name: string;
  readonly entry: readonly string[];
  readonly args?: readonly string[];
  /** The whole environment beside PATH: addresses with passwords go here and never into `args`. */
  readonly env: Readonly<Record<string, string>>;
  readonly onLine?: (line: Line) => void;
}): JsonProcess {
  const args = [exampleProcess(...input.entry), ...(input.args ?? [])];
  const invocation = dieWithParent({ command: process.execPath, args }, 'SIGKILL');
  const child = spawn(invocation.command, [...invocation.args], {
    env: { PATH: process.env.PATH, ...input.env },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${input.name} could not be started; run "npm run build" first.`);
  const newest = new Map<string, Line>();
  const waiting = new Map<string, ((line: Line) => void)[]>();
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (text) => {
    const line = parse(text);
    if (line === undefined) return;
    newest.set(line.type, line);
    for (const resolve of waiting.get(line.type)?.splice(0) ?? []) resolve(line);
    input.onLine?.(line);
  });
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const { code, signal } = await exited;
    if (code !== 0) throw new Error(`${input.name} ended with ${signal ?? `exit code ${code}`}; its stderr says why.`);
  };
  const abandon = (): void => void child.kill('SIGKILL');
  const forget = onExit({ name: input.name, close: async () => void (await stop().catch(() => undefined)), abandon });
  void exited.then(forget);
  const next = (type: string): Promise<Line> =>
    new Promise((resolve, reject) => {
      waiting.set(type, [...(waiting.get(type) ?? []), resolve]);
      void exited.then(() => reject(new Error(`${input.name} ended before it said "${type}"; its stderr says why.`)));
    });
  return { pid, last: (type) => newest.get(type), next, stop, signal: (signal) => void child.kill(signal), exited };
}

function parse(text: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string')
      return undefined;
    return value as Line;
  } catch {
    return undefined;
  }
}
