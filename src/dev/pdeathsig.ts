import { spawnSync } from 'node:child_process';

/** A program and its arguments, as they are spawned. */
export interface Invocation {
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * Lets the kernel send `signal` to the child when this process dies without a word (SIGKILL, out of memory), by
 * util-linux' setpriv. It execs, so the pid stays the program's own. Where setpriv is missing (macOS, busybox) the child
 * runs bare, and only exits that we can still react to stop it.
 */
export function dieWithParent(invocation: Invocation, signal: NodeJS.Signals): Invocation {
  if (!supported()) return invocation;
  const name = signal.replace(/^SIG/, '');
  return { command: 'setpriv', args: ['--pdeathsig', name, '--', invocation.command, ...invocation.args] };
}

let known: boolean | undefined;

function supported(): boolean {
  known ??=
    process.platform === 'linux' &&
    spawnSync('setpriv', ['--pdeathsig', 'KILL', '--', 'true'], { stdio: 'ignore' }).status === 0;
  return known;
}
