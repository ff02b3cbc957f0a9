import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { CutoverError } from '../../src/core/failure';
import { findProgram } from './find-program';

export interface ChildSpec {
  readonly program: string;
  /** Public: anybody on the machine can read them. Secrets go by file or environment. */
  readonly args: readonly string[];
  /** The whole environment; only PATH is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends the child and all it has started. */
  readonly signal: AbortSignal;
}

export interface Child {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Settles when it is gone. Rejects with CommandFailed and its last lines unless it ended with code 0. */
  readonly ended: Promise<void>;
}

/**
 * Starts a program that cannot outlive this process: its output runs through us, so that writing fails once we are
 * gone, and where setpriv is there the kernel ends it too, even while it waits for its server.
 */
export async function startChild(spec: ChildSpec): Promise<Child> {
  const { command, args } = await dieWithParent(spec);
  spec.signal.throwIfAborted();
  const child = spawn(command, args, {
    env: { PATH: process.env.PATH, LC_ALL: 'C', ...spec.env },
    detached: true, // a group of its own, so that ending it ends its children
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined); // it may end before it has read all; its exit code tells
  const stderr = tail(child.stderr);
  const stop = (): void => endGroup(child);
  spec.signal.addEventListener('abort', stop, { once: true });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', (cause) => reject(failed(spec, `could not be started (${cause.message})`, '')));
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(failed(spec, code === null ? `was ended by ${signal}` : `ended with exit code ${code}`, stderr()));
    });
  }).finally(() => spec.signal.removeEventListener('abort', stop));
  ended.catch(() => undefined); // whoever waits for it still sees the failure
  return { stdin: child.stdin, stdout: child.stdout, ended };
}

function failed(spec: ChildSpec, what: string, said: string): CutoverError {
  const name = spec.program.split('/').at(-1) ?? spec.program;
  return new CutoverError('CommandFailed', `${name} ${what}${said === '' ? '' : `; it said: ${said}`}`);
}

async function dieWithParent(spec: ChildSpec): Promise<{ command: string; args: readonly string[] }> {
  setpriv ??= process.platform === 'linux' ? findProgram('setpriv') : Promise.resolve(undefined);
  const found = await setpriv;
  if (found === undefined) return { command: spec.program, args: spec.args };
  return { command: found, args: ['--pdeathsig', 'TERM', '--', spec.program, ...spec.args] };
}

let setpriv: Promise<string | undefined> | undefined;

function endGroup(child: ChildProcess): void {
  const kill = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // gone between the question and the kill
    }
  };
  kill('SIGTERM');
  const last = setTimeout(() => kill('SIGKILL'), STUBBORN_MS).unref();
  child.once('close', () => clearTimeout(last));
}

const STUBBORN_MS = 5_000;
const TAIL_CHARS = 1_500;

/** Its last lines, without those in which PostgreSQL quotes rows. */
function tail(stream: Readable): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => (text = (text + chunk).slice(-TAIL_CHARS)));
  return () =>
    text
      .split('\n')
      .filter((line) => line.trim() !== '' && !/(^|: )(CONTEXT|DETAIL|Command was):/.test(line))
      .slice(-6)
      .join(' | ');
}
