import { spawn } from 'node:child_process';
import { onExit } from './on-exit';
import { dieWithParent } from './pdeathsig';

/** A program that runs to its end: a build, initdb, psql. */
export interface CommandOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Written to its stdin, which is then closed. */
  readonly input?: string;
  /** Called for each line of its output, as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command without a shell and returns what it said; a code other than 0 is a result, not an error.
 * It and its children end with this process.
 *
 * @throws when the program cannot be started at all, or was killed by a signal.
 */
export async function runCommand(options: CommandOptions): Promise<CommandResult> {
  const { command, args } = dieWithParent(options, 'SIGTERM');
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { env: options.env, cwd: options.cwd, detached: true, ...options.user });
    const killGroup = (): void => {
      // The group, not the pid: `go build` and pip have children of their own.
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
    };
    const ended = new Promise<void>((done) => child.once('close', () => done()));
    const forget = onExit({
      name: options.command,
      close: async () => {
        killGroup();
        await ended;
      },
      abandon: killGroup,
    });
    const stdout = collect(child.stdout, options.onLine);
    const stderr = collect(child.stderr, options.onLine);
    child.stdin.on('error', () => undefined); // it may end before it has read all; its exit code tells
    child.stdin.end(options.input ?? '');
    child.once('error', (cause) => {
      forget();
      reject(new Error(`${options.command} could not be started; install it or check PATH.`, { cause }));
    });
    child.once('close', (code, signal) => {
      forget();
      if (code === null) reject(new Error(`${options.command} was ended by signal ${signal ?? 'unknown'}.`));
      else resolve({ code, stdout: stdout(), stderr: stderr() });
    });
  });
}

/** As `runCommand`, and a code other than 0 is an error that carries the last lines it wrote. */
export async function runOrThrow(what: string, options: CommandOptions): Promise<CommandResult> {
  const result = await runCommand(options);
  if (result.code === 0) return result;
  const last = `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-15).join('\n');
  throw new Error(`${what} failed: ${options.command} ended with exit code ${result.code}. It said:\n${last}`);
}

function collect(stream: NodeJS.ReadableStream, onLine?: (line: string) => void): () => string {
  let text = '';
  let pending = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text += chunk;
    if (onLine === undefined) return;
    const lines = (pending + chunk).split('\n');
    pending = lines.pop() ?? '';
    lines.forEach(onLine);
  });
  return () => text;
}
