import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheFolder, makeOnce } from './cache';
import { runCommand, runOrThrow } from './command';
import { isProgram } from './find-program';
import { SECANTUS_CRATE, SECANTUS_WHEEL, type MongoBinary } from './mongo-versions';
import type { Progress } from './progress';
import { pythonVenv } from './python-venv';

const crate = {
  kind: 'secantusd-rs',
  version: SECANTUS_CRATE.version,
  name: `SecantusDB ${SECANTUS_CRATE.version}`,
} as const;

/** The SecantusDB that an earlier call built, if it did. */
export async function cachedSecantus(env: NodeJS.ProcessEnv): Promise<MongoBinary | undefined> {
  const path = cachedPath(env);
  return (await isProgram(path)) ? { ...crate, path, how: 'built earlier, from the cache' } : undefined;
}

/**
 * Builds SecantusDB from its crate into the cache. It is a program of its own (GPL-2.0): nothing of ours links it.
 *
 * @throws when there is no nightly Rust, or the build fails.
 */
export async function buildSecantus(progress: Progress, env: NodeJS.ProcessEnv): Promise<MongoBinary> {
  await requireNightly(env);
  const target = cachedPath(env);
  await progress.step(`Building SecantusDB ${crate.version} with cargo (about 5 minutes, once)`, async (note) => {
    await makeOnce({
      target,
      onWait: () => note('another process is building it'),
      make: async (temporary) => {
        const root = join(dirname(temporary), 'root');
        let crates = 0;
        await runOrThrow('Building SecantusDB', {
          command: 'cargo',
          args: [
            ...['+nightly', 'install', SECANTUS_CRATE.name, '--version', SECANTUS_CRATE.version],
            ...['--ignore-rust-version', '--bin', SECANTUS_CRATE.program, '--root', root],
          ],
          env,
          onLine: (line) => {
            if (/^\s*Compiling /.test(line)) note(`${++crates} crates compiled`);
          },
        });
        await rename(join(root, 'bin', SECANTUS_CRATE.program), temporary);
      },
    });
    note(target);
  });
  return { ...crate, path: target, how: 'built with cargo' };
}

/**
 * Installs SecantusDB's Python edition into a venv of the cache.
 *
 * @throws when there is no Python 3, or pip fails.
 */
export async function installSecantus(progress: Progress, env: NodeJS.ProcessEnv): Promise<MongoBinary> {
  const { name, version, program } = SECANTUS_WHEEL;
  const venv = await pythonVenv({ name: 'secantusdb', requirements: [`${name}==${version}`], env }, progress);
  const path = join(dirname(venv.python), program);
  if (!(await isProgram(path))) throw new Error(`${name} ${version} from PyPI has no program ${program}.`);
  return { kind: 'secantusd-py', path, version, name: `SecantusDB ${version}`, how: 'from PyPI, in the cache' };
}

async function requireNightly(env: NodeJS.ProcessEnv): Promise<void> {
  const said = await runCommand({ command: 'cargo', args: ['+nightly', '--version'], env }).catch(() => undefined);
  if (said?.code === 0) return;
  throw new Error('SecantusDB is built with nightly Rust, and `cargo +nightly` does not run here');
}

function cachedPath(env: NodeJS.ProcessEnv): string {
  return join(cacheFolder(env), 'bin', `${SECANTUS_CRATE.program}-${SECANTUS_CRATE.version}`);
}
