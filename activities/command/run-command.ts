import { basename } from 'node:path';
import { CutoverError, describeError } from '../../src/core/failure';
import type { CommandSpec } from '../../src/core/outside-args';
import type { Progress } from '../context';
import { plainText } from '../plain-text';
import type { Resources } from '../resources';
import { allowedProgram, refuseUnlessAllowed } from './allowed-program';
import { startGroup, type GroupSpec } from './child-group';
import { commandEnvironment, ofWorker } from './command-environment';
import { hideValues } from './hide-values';
import { Output } from './output';
import { sshArguments } from './remote';
import { workingFolder } from './working-folder';

export interface RunOptions {
  /** Ends the program and all it has started. */
  readonly signal: AbortSignal;
  progress?(progress: Progress): void;
  /** Beside those of the config and the env file; nothing secret, it is not hidden. */
  readonly extraEnv?: Readonly<Record<string, string>>;
  /** A text to look for in all of its output, however long that is. */
  readonly contains?: string;
}

export interface CommandResult {
  readonly code: number;
  /** Its last lines: redacted, without control characters. */
  readonly stdoutTail: string;
  readonly stderrTail: string;
  readonly durationMs: number;
  /** As written, up to 256 KiB: to be parsed, never shown, because secrets are not taken out. */
  readonly stdout: string;
  /** There was more than `stdout` holds. */
  readonly truncated: boolean;
  /** Whether `contains` was in its output or among its errors. */
  readonly contained: boolean;
}

/**
 * Runs a program of the worker's allow-list and waits until it and all of its process group are gone. What it starts in
 * the background is ended with it, unless that took a session of its own: services belong to a service manager.
 *
 * @throws Misconfigured when it may not or cannot be run; CommandFailed when it ends with another code than 0, by a
 * signal, or not in time.
 */
export async function runCommand(resources: Resources, spec: CommandSpec, options: RunOptions): Promise<CommandResult> {
  const result = await askCommand(resources, spec, options);
  if (result.code === 0) return result;
  const last = lastLine(result);
  const hint =
    spec.via !== undefined && result.code === 255 ? ' (255 is also what ssh says when it cannot connect)' : '';
  throw new CutoverError(
    'CommandFailed',
    `${nameOf(spec)} ended with exit code ${result.code}${hint}${last === '' ? ' and said nothing' : `; it said: ${last}`}`,
  );
}

/** The same, for a program whose exit code is an answer: any code is one. */
export async function askCommand(resources: Resources, spec: CommandSpec, options: RunOptions): Promise<CommandResult> {
  const { group, clean } = await prepared(resources, spec, options);
  options.signal.throwIfAborted();
  options.progress?.({ doing: `runs ${nameOf(spec)}` });
  const startedAt = performance.now();
  const child = await startGroup(group);
  const out = new Output(child.stdout, options.contains);
  const err = new Output(child.stderr, options.contains);
  const limit = AbortSignal.timeout(spec.timeoutMs);
  const either = AbortSignal.any([limit, options.signal]);
  let cut = false;
  const onAbort = (): void => void (cut = child.stop());
  either.addEventListener('abort', onAbort, { once: true });
  if (either.aborted) onAbort();
  const end = await child.ended
    .catch((cause: unknown) => {
      throw new CutoverError('Misconfigured', `${nameOf(spec)} could not be started (${describeError(cause)}).`);
    })
    .finally(() => either.removeEventListener('abort', onAbort));
  if (options.signal.aborted) throw options.signal.reason;
  const result = {
    code: end.code ?? -1,
    stdoutTail: out.lastLines(clean),
    stderrTail: err.lastLines(clean),
    durationMs: Math.round(performance.now() - startedAt),
    stdout: out.text(),
    truncated: out.truncated,
    contained: out.contained || err.contained,
  };
  const said = lastLine(result) === '' ? '' : `; it said: ${lastLine(result)}`;
  if (cut) {
    throw new CutoverError(
      'CommandFailed',
      `${nameOf(spec)} was not done within ${spec.timeoutMs} ms and was ended with all it had started${said}`,
    );
  }
  if (end.code === null) throw new CutoverError('CommandFailed', `${nameOf(spec)} was ended by ${end.signal}${said}`);
  return result;
}

/** The program without its arguments, which may name what is nobody's business. */
export function nameOf(spec: CommandSpec): string {
  const name = plainText(basename(spec.argv[0] ?? 'the command'));
  return spec.via === undefined ? name : `${name} on ${spec.via}`;
}

export function lastLine({ stdoutTail, stderrTail }: Pick<CommandResult, 'stdoutTail' | 'stderrTail'>): string {
  return (stderrTail === '' ? stdoutTail : stderrTail).split('\n').slice(-3).join(' | ');
}

async function prepared(
  resources: Resources,
  spec: CommandSpec,
  options: RunOptions,
): Promise<{ group: GroupSpec; clean: (text: string) => string }> {
  const { commands } = resources;
  const [word, ...args] = spec.argv;
  if (word === undefined || spec.argv.some((part) => part.includes('\0'))) {
    throw new CutoverError(
      'Misconfigured',
      'A command needs a program, and no NUL in its arguments; correct its argv.',
    );
  }
  const { root, folder } = await workingFolder(commands, spec.via === undefined ? spec.cwd : undefined);
  const { variables, hidden } = await commandEnvironment(
    resources,
    spec.via === undefined ? spec.env : undefined,
    options.extraEnv,
  );
  const hide = hideValues(hidden);
  const clean = (text: string): string => resources.redact(hide(text));
  if (spec.via === undefined) {
    const program = await allowedProgram(commands, root, word);
    return { clean, group: { program, args, cwd: folder, env: variables } };
  }
  refuseUnlessAllowed(commands, root, word);
  const ssh = await allowedProgram({ ...commands, allow: ['ssh'] }, root, 'ssh');
  const env = { ...variables, ...ofWorker(['SSH_AUTH_SOCK']) };
  return { clean, group: { program: ssh, args: sshArguments(commands, spec, spec.via), cwd: folder, env } };
}
