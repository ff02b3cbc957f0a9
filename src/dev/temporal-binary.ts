import { join } from 'node:path';
import { cacheFolder, makeOnce } from './cache';
import { runCommand, runOrThrow } from './command';
import { isProgram, programsOnPath } from './find-program';
import type { Progress } from './progress';
import { projectRoot } from './project-root';
import { atLeast, parseVersion } from './version';

/** The CLI that tools/temporal builds (server 1.31.2, UI 2.50.1). */
export const TEMPORAL_VERSION = '1.8.2';
/** Older ones on PATH are passed over: their servers lack Updates as this tool sends them. */
const OLDEST = [1, 3, 0];
/** As tools/temporal/go.mod asks for. */
const GO_NEEDED = [1, 26, 4];

export interface TemporalBinary {
  readonly path: string;
  /** "1.8.2" */
  readonly version: string;
  /** Where it comes from, as a phrase: "built from tools/temporal". */
  readonly how: string;
}

/**
 * The Temporal CLI with its dev server: `TEMPORAL_CLI_PATH`, `temporal` on PATH, the build in the cache, or that build made
 * now from Go modules (about 6 minutes, once).
 *
 * @throws when none is there and none can be built; the message says what to install.
 */
export async function findOrBuildTemporal(
  progress: Progress,
  env: NodeJS.ProcessEnv = process.env,
): Promise<TemporalBinary> {
  return (await findTemporal(env)) ?? (await buildTemporal(progress, env));
}

/** As `findOrBuildTemporal`, but builds nothing: undefined when there is none yet. */
export async function findTemporal(env: NodeJS.ProcessEnv = process.env): Promise<TemporalBinary | undefined> {
  if (env.TEMPORAL_CLI_PATH) return fromVariable(env.TEMPORAL_CLI_PATH);
  for (const path of await programsOnPath('temporal', env.PATH)) {
    const version = await versionOf(path);
    if (version !== undefined && atLeast(version, OLDEST)) return { path, version: version.join('.'), how: 'on PATH' };
  }
  const path = cachedPath(env);
  return (await isProgram(path))
    ? { path, version: TEMPORAL_VERSION, how: 'built earlier, from the cache' }
    : undefined;
}

async function fromVariable(path: string): Promise<TemporalBinary> {
  const version = (await isProgram(path)) ? await versionOf(path) : undefined;
  if (version === undefined) {
    throw new Error(
      `TEMPORAL_CLI_PATH is ${path}, which does not run as the Temporal CLI; point it at a \`temporal\` program or unset it.`,
    );
  }
  return { path, version: version.join('.'), how: 'TEMPORAL_CLI_PATH' };
}

async function buildTemporal(progress: Progress, env: NodeJS.ProcessEnv): Promise<TemporalBinary> {
  await requireGo(env);
  const target = cachedPath(env);
  await progress.step(
    `Building the Temporal server ${TEMPORAL_VERSION} with Go (about 6 minutes, once)`,
    async (note) => {
      await makeOnce({
        target,
        onWait: () => note('another process is building it'),
        make: async (temporary) => {
          let modules = 0;
          await runOrThrow('Building the Temporal server', {
            command: 'go',
            args: goBuild(temporary),
            env: { ...env, GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly' },
            onLine: (line) => {
              if (line.startsWith('go: downloading')) note(`${++modules} modules downloaded`);
            },
          });
        },
      });
      note(target);
    },
  );
  return { path: target, version: TEMPORAL_VERSION, how: 'built from tools/temporal' };
}

function goBuild(output: string): readonly string[] {
  const tools = join(projectRoot(), 'tools', 'temporal');
  const flags = `-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=${TEMPORAL_VERSION}`;
  return ['-C', tools, 'build', '-trimpath', '-ldflags', flags, '-o', output, 'github.com/temporalio/cli/cmd/temporal'];
}

async function requireGo(env: NodeJS.ProcessEnv): Promise<void> {
  const wanted = GO_NEEDED.join('.');
  const ways = `Install the Temporal CLI (https://docs.temporal.io/cli) and put it on PATH or in TEMPORAL_CLI_PATH, or install Go ${wanted} or newer to have it built, or set TEMPORAL_ADDRESS to a server that runs already (docker compose up -d starts one).`;
  const said = await runCommand({ command: 'go', args: ['version'], env: { ...env, GOTOOLCHAIN: 'local' } }).catch(
    () => undefined,
  );
  if (said === undefined || said.code !== 0)
    throw new Error(`No Temporal server was found, and no Go to build it with. ${ways}`);
  const version = parseVersion(said.stdout);
  if (version === undefined || !atLeast(version, GO_NEEDED)) {
    throw new Error(
      `No Temporal server was found, and Go is too old to build it (found: ${said.stdout.trim()}). ${ways}`,
    );
  }
}

function cachedPath(env: NodeJS.ProcessEnv): string {
  return join(cacheFolder(env), 'bin', `temporal-${TEMPORAL_VERSION}`);
}

async function versionOf(path: string): Promise<readonly number[] | undefined> {
  const said = await runCommand({ command: path, args: ['--version'], env: {} }).catch(() => undefined);
  return said?.code === 0 ? parseVersion(said.stdout) : undefined;
}
