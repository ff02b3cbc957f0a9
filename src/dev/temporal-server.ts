import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeExit, startChild, type Child } from './child';
import { logTail } from './log-tail';
import { freePorts, withFreePorts } from './ports';
import type { TemporalBinary } from './temporal-binary';
import { temporalReady } from './temporal-ready';
import { atLeast, parseVersion } from './version';

/** The types that the dev server's `--search-attribute` takes. */
export type SearchAttributeType = 'Text' | 'Keyword' | 'Int' | 'Double' | 'Bool' | 'Datetime' | 'KeywordList';

export interface TemporalOptions {
  readonly binary: Pick<TemporalBinary, 'path' | 'version'>;
  /** Default: free ones. */
  readonly port?: number;
  readonly uiPort?: number;
  /** Keeps runs across restarts; in memory without. */
  readonly dbFilename?: string;
  /** Registered in namespace `default` before the server counts as ready. */
  readonly searchAttributes: Readonly<Record<string, SearchAttributeType>>;
  /** Without the web UI. */
  readonly headless?: boolean;
  /** Receives the server's output; its folder also gets the server's HOME. */
  readonly logFile: string;
  /** How long it may take to answer, in ms. */
  readonly patience?: number;
}

export interface TemporalServer {
  /** host:port of the gRPC service. */
  readonly address: string;
  /** Undefined when headless. */
  readonly uiUrl: string | undefined;
  readonly pid: number;
  readonly exited: Child['exited'];
  readonly stop: () => Promise<void>;
  readonly kill: (signal: NodeJS.Signals) => void;
}

/**
 * Starts `temporal server start-dev` on 127.0.0.1 with namespace `default` and returns once it answers over gRPC and
 * knows the search attributes. To restart one on its file, start again with the same `dbFilename` and `port`.
 */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  return withFreePorts(options.port !== undefined || options.uiPort !== undefined, async () => {
    const [port, uiPort] = await freePorts(2);
    return startOn(options, { port: options.port ?? port ?? 0, uiPort: options.uiPort ?? uiPort ?? 0 });
  });
}

async function startOn(options: TemporalOptions, ports: { port: number; uiPort: number }): Promise<TemporalServer> {
  const home = join(dirname(options.logFile), 'temporal-home');
  await mkdir(home, { recursive: true });
  const child = await startChild({
    name: 'the Temporal server',
    command: options.binary.path,
    args: serverArgs(options, ports),
    env: serverEnv(home, process.env),
    logFile: options.logFile,
    stopSignals: ['SIGTERM', 'SIGKILL'],
    orphanSignal: 'SIGKILL',
  });
  const address = `127.0.0.1:${ports.port}`;
  try {
    await temporalReady({
      address,
      searchAttributes: Object.keys(options.searchAttributes),
      patience: options.patience ?? 60_000,
      gone: () => child.exit() !== undefined,
    });
  } catch (cause) {
    const exit = child.exit();
    await child.stop();
    const happened =
      exit === undefined ? `did not become ready at ${address}` : `ended by itself with ${describeExit(exit)}`;
    const tail = await logTail(options.logFile);
    throw new Error(`The Temporal server ${happened}. The end of its log, ${options.logFile}:\n${tail}`, { cause });
  }
  return {
    address,
    uiUrl: options.headless ? undefined : `http://127.0.0.1:${ports.uiPort}`,
    pid: child.pid,
    exited: child.exited,
    stop: async () => void (await child.stop()),
    kill: (signal) => void child.kill(signal),
  };
}

/** The arguments of `temporal` for these options. */
export function serverArgs(options: TemporalOptions, ports: { port: number; uiPort: number }): readonly string[] {
  const version = parseVersion(options.binary.version) ?? [];
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(ports.port), '--namespace', 'default'],
    ...['--log-level', 'warn', '--color', 'never'],
    ...(options.headless ? ['--headless'] : ['--ui-port', String(ports.uiPort)]),
    ...(options.headless || !atLeast(version, [1, 8]) ? [] : ['--ui-disable-news-fetch']),
    ...(options.dbFilename === undefined ? [] : ['--db-filename', options.dbFilename]),
    ...Object.entries(options.searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
  ];
}

/** A user's own TEMPORAL_* settings and profile are for their servers, not for this one. */
export function serverEnv(home: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_') && !name.startsWith('XDG_'));
  return { ...Object.fromEntries(kept), HOME: home, TEMPORAL_VERSION_CHECK_DISABLED: '1' };
}
