import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeExit, startChild, type Child } from './child';
import { initDatabase } from './postgres-init';
import { postgresReady } from './postgres-ready';
import { postgresUser, privateFolder, reachableBin, type SystemUser } from './postgres-user';
import type { PostgresBinaries } from './postgres-versions';
import { logTail } from './log-tail';
import { freePort, withFreePorts } from './ports';
import { errorMessage } from './error-code';

export interface PostgresOptions {
  readonly binaries: Pick<PostgresBinaries, 'bin'>;
  /** Created by initdb when it is empty or not there. */
  readonly dataDir: string;
  /** Default: a free one, kept across `restart`. */
  readonly port?: number;
  /** The superuser's password: default a random one. Needed to start on a data folder that exists already. */
  readonly password?: string;
  /** Server settings, such as `shared_preload_libraries`. fsync is on unless one says otherwise. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** How long it may take to answer, in ms. */
  readonly patience?: number;
}

/** smart waits for clients, fast ends them, immediate is a crash that the next start recovers from. */
export type StopMode = 'smart' | 'fast' | 'immediate';

export interface PostgresServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Of the postmaster; another one after `restart`. */
  readonly pid: number;
  /** Carries the password of `postgres`: for the set-up only, never for the application or the tool. */
  readonly superuserUrl: string;
  readonly stop: (mode?: StopMode) => Promise<void>;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Stops it where it still runs, starts it on the same data and port. */
  readonly restart: (mode?: StopMode) => Promise<void>;
}

/**
 * Starts a PostgreSQL of our own on 127.0.0.1 (no socket file; scram passwords; C.UTF-8; fsync on) and returns once it
 * answers. Under root it runs as an unprivileged user. It does not outlive this process.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const user = postgresUser();
  const bin = await reachableBin(options.binaries.bin, user, dirname(options.dataDir));
  const password = options.password ?? randomBytes(24).toString('base64url');
  await prepareData({ options, bin, user, password });
  const start = async (port: number): Promise<Start & { readonly child: Child }> => {
    const superuserUrl = `postgresql://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`;
    const wanted = { options, bin, user, port, superuserUrl };
    return { ...wanted, child: await startUntilReady(wanted) };
  };
  const fixed = options.port !== undefined;
  const { port, superuserUrl, ...first } = await withFreePorts(fixed, async () =>
    start(options.port ?? (await freePort())),
  );
  let child = first.child;
  const stop = async (mode: StopMode = 'fast'): Promise<void> => void (await child.stop(stopSignals(mode)));
  return {
    host: '127.0.0.1',
    port,
    superuserUrl,
    get pid() {
      return child.pid;
    },
    stop,
    kill: (signal) => void child.kill(signal),
    restart: async (mode) => {
      await stop(mode);
      child = (await start(port)).child;
    },
  };
}

/** The postmaster's own signals, each the next when the one before did not do within the patience. */
function stopSignals(mode: StopMode): readonly NodeJS.Signals[] {
  const signals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGKILL'];
  return signals.slice({ smart: 0, fast: 1, immediate: 2 }[mode]);
}

async function prepareData(wanted: {
  readonly options: PostgresOptions;
  readonly bin: string;
  readonly user: SystemUser | undefined;
  readonly password: string;
}): Promise<void> {
  const { options, bin, user, password } = wanted;
  await mkdir(dirname(options.logFile), { recursive: true });
  await privateFolder(options.dataDir, user);
  if (!existsSync(join(options.dataDir, 'PG_VERSION'))) {
    await initDatabase({ bin, user, dataDir: options.dataDir, password });
  } else if (options.password === undefined) {
    throw new Error(
      `${options.dataDir} holds a database already, whose superuser password is not known; give it as password, or choose an empty folder.`,
    );
  }
}

interface Start {
  readonly options: PostgresOptions;
  readonly bin: string;
  readonly user: SystemUser | undefined;
  readonly port: number;
  readonly superuserUrl: string;
}

/** After a kill -9 the old backends hold shared memory for a moment, and a new postmaster refuses until they are gone. */
const NOT_YET = /pre-existing shared memory block|lock file "postmaster.pid" already exists/;

async function startUntilReady(start: Start): Promise<Child> {
  const patience = start.options.patience ?? 60_000;
  const deadline = Date.now() + patience;
  for (;;) {
    const child = await startOnce(start);
    try {
      await postgresReady({ url: start.superuserUrl, deadline, gone: () => child.exit() !== undefined });
      return child;
    } catch (cause) {
      const exit = child.exit();
      await child.stop(stopSignals('immediate'));
      const tail = await logTail(start.options.logFile);
      if (exit !== undefined && NOT_YET.test(tail.split('\n').slice(-3).join('\n')) && Date.now() < deadline) continue;
      const happened =
        exit === undefined
          ? `did not accept a connection (${errorMessage(cause)})`
          : `ended by itself with ${describeExit(exit)}`;
      throw new Error(
        `PostgreSQL on port ${start.port} ${happened}. The end of its log, ${start.options.logFile}:\n${tail}`,
        { cause },
      );
    }
  }
}

function startOnce({ options, bin, user, port }: Start): Promise<Child> {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    log_line_prefix: '%m [%p] %q%u@%d %a ',
    ...options.settings,
  };
  return startChild({
    name: 'PostgreSQL',
    command: join(bin, 'postgres'),
    args: ['-D', options.dataDir, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    cwd: options.dataDir,
    logFile: options.logFile,
    user: user && { uid: user.uid, gid: user.gid },
    stopSignals: stopSignals('fast'),
    orphanSignal: 'SIGQUIT',
  });
}
