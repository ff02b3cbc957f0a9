import { CutoverError } from '../../src/core/failure';
import type { CommandSpec } from '../../src/core/outside-args';
import type { Commands } from '../resources';

/**
 * The arguments of ssh for a command on a host of the worker's config. The shell at the other end reads one text, in
 * which every word stands in single quotes. A folder counts from where the login begins. Where the host has timeout(1)
 * it ends the program there too: ending ssh here does not.
 *
 * @throws Misconfigured.
 */
export function sshArguments(commands: Commands, spec: CommandSpec, via: string): readonly string[] {
  const host = Object.hasOwn(commands.hosts, via) ? commands.hosts[via] : undefined;
  if (host === undefined) {
    const known = Object.keys(commands.hosts).sort().join(', ') || 'none';
    throw misconfigured(
      `The worker's config has no host "${via}"; it has ${known}. Add it to commands.hosts, or correct the plan.`,
    );
  }
  if (spec.env !== undefined) {
    throw misconfigured(
      `The command names the env file "${spec.env}" and the host "${via}": the file is one of the worker and does not travel. Have a program of that host read its own, or leave \`via\` out.`,
    );
  }
  const words = spec.argv.map(quoted).join(' ');
  const limit = Math.max(1, Math.ceil(spec.timeoutMs / 1000));
  const run = `if command -v timeout >/dev/null 2>&1; then exec timeout -k 5 ${limit} ${words}; else exec ${words}; fi`;
  const text = spec.cwd === undefined ? run : `cd -- ${quoted(inside(spec.cwd))} && ${run}`;
  return ['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=10', '-T', '--', host, text];
}

/** A word that every POSIX shell reads as it is. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function inside(folder: string): string {
  if (!folder.startsWith('/') && !folder.split('/').includes('..')) return folder;
  throw misconfigured(`The folder ${JSON.stringify(folder)} of the plan leaves the login's own; name one within it.`);
}

function misconfigured(message: string): CutoverError {
  return new CutoverError('Misconfigured', message);
}
