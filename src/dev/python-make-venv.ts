import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand, type CommandResult } from './command';
import { errorMessage } from './error-code';
import { pythonRuns, type Python } from './python';

/** The interpreter inside a venv. */
export function venvPython(folder: string): string {
  return process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
}

interface Way {
  readonly name: string;
  readonly steps: readonly (readonly [command: string, ...args: string[]])[];
}

/** Debian's python3 comes without ensurepip, and `venv` then fails; pip can still be put in from outside. */
function ways(python: Python, folder: string): readonly Way[] {
  const quiet = ['--disable-pip-version-check', '--no-input', '--quiet'];
  return [
    { name: 'venv', steps: [[python.command, '-m', 'venv', folder]] },
    { name: 'virtualenv', steps: [[python.command, '-m', 'virtualenv', '--quiet', folder]] },
    { name: 'uv', steps: [['uv', 'venv', '--quiet', '--seed', '--python', python.command, folder]] },
    {
      name: 'venv --without-pip and pip',
      steps: [
        [python.command, '-m', 'venv', '--without-pip', folder],
        [python.command, '-m', 'pip', '--python', venvPython(folder), 'install', ...quiet, 'pip'],
      ],
    },
  ];
}

/**
 * Makes an empty venv with pip in it: by venv, virtualenv, uv, or venv and a pip from outside, whichever works first.
 *
 * @throws when none does; the message says what to install.
 */
export async function makeVenv(
  python: Python,
  folder: string,
  env: NodeJS.ProcessEnv = process.env,
  among: (way: string) => boolean = () => true,
): Promise<void> {
  const said: string[] = [];
  for (const way of ways(python, folder).filter(({ name }) => among(name))) {
    await rm(folder, { recursive: true, force: true });
    const problem = await firstProblem(way, env);
    if (problem === undefined && (await hasPip(folder, env))) return;
    said.push(`${way.name}: ${problem ?? 'it has no pip'}`);
  }
  await rm(folder, { recursive: true, force: true });
  throw new Error(
    `No virtual environment could be made with Python ${python.version}:\n${said.map((line) => `  - ${line}`).join('\n')}\nInstall python3-venv (Debian, Ubuntu), virtualenv or uv.`,
  );
}

async function firstProblem(way: Way, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const [command, ...args] of way.steps) {
    const result = await runCommand({ command, args, env }).catch((error: unknown) => errorMessage(error));
    if (typeof result === 'string') return result;
    if (result.code !== 0) return lastLine(result);
  }
  return undefined;
}

function lastLine({ stdout, stderr, code }: CommandResult): string {
  const lines = `${stdout}\n${stderr}`.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '').at(-1) ?? `exit code ${code}`;
}

async function hasPip(folder: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const python = venvPython(folder);
  if (!(await pythonRuns(python, env))) return false;
  return (await runCommand({ command: python, args: ['-m', 'pip', '--version'], env })).code === 0;
}
