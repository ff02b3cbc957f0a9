import { randomBytes } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describeExit, startChild, type Child, type ChildExit } from './child';
import { errorMessage } from './error-code';
import { logTail } from './log-tail';
import { hasLocalhostException, mongoArguments, type MongoPlace } from './mongo-command-line';
import { mongoReady, type MongoFacts } from './mongo-ready';
import { mongoUri } from './mongo-uri';
import type { MongoBinary } from './mongo-versions';
import { freePort, withFreePorts } from './ports';

export interface MongoOptions extends Pick<MongoPlace, 'testCommands' | 'oplogEntries'> {
  readonly binary: MongoBinary;
  /** Created when it is not there; must be empty unless `password` is given. */
  readonly dataDir: string;
  /** Default: a free one, kept across `restart`. A data folder stays with its port: the replica set remembers it. */
  readonly port?: number;
  /** Of `root`: default a random one. Needed to start on a data folder that exists already. */
  readonly password?: string;
  readonly logFile: string;
  /** How long it may take to answer, in ms. */
  readonly patience?: number;
}

export interface MongoServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Another one after `restart`. */
  readonly pid: number;
  /** Carries the password of `root`: for the set-up only, never for the application or the tool. */
  readonly rootUri: string;
  /** Of MongoDB, or the MongoDB that it is compatible with: "8.2.11". */
  readonly version: string;
  /** For people: "MongoDB 8.0.4" or "SecantusDB 0.5.3-beta.196". */
  readonly name: string;
  /** Where the program comes from, as a phrase. */
  readonly how: string;
  /** Its standard output and error. */
  readonly logFile: string;
  /** How it ended, or undefined while it runs. */
  readonly exit: () => ChildExit | undefined;
  readonly stop: () => Promise<void>;
  /** SIGKILL; returns when it is gone. */
  readonly kill9: () => Promise<void>;
  /** Any signal, such as SIGSTOP; returns at once. */
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Stops it where it still runs, starts it on the same data and port. */
  readonly restart: () => Promise<void>;
}

/**
 * Starts a MongoDB server of our own on 127.0.0.1, always as a one-node replica set with authentication, and returns
 * once it is the writable primary. It does not outlive this process.
 */
export async function startMongo(options: MongoOptions): Promise<MongoServer> {
  const { binary } = options;
  const password = options.password ?? randomBytes(24).toString('base64url');
  const sideFile = await prepareFiles(options, password);
  const start: Start = async (port, open = false) => {
    const started = await startUntilReady({ options, port, password, sideFile, open });
    return { ...started, port };
  };
  if (!hasLocalhostException(binary.kind) && options.password === undefined) await createRootUnguarded(start);
  const fixed = options.port !== undefined;
  const first = await withFreePorts(fixed, async () => start(options.port ?? (await freePort())));
  const { port, facts } = first;
  let { child } = first;
  const stop = async (): Promise<void> => void (await child.stop());
  return {
    host: '127.0.0.1',
    port,
    rootUri: mongoUri(`mongodb://127.0.0.1:${port}/?replicaSet=${facts.setName}`, {
      user: 'root',
      password,
      database: 'admin',
      authSource: 'admin',
    }),
    version: facts.version,
    name: facts.secantus === undefined ? binary.name : `SecantusDB ${facts.secantus}`,
    how: binary.how,
    get pid() {
      return child.pid;
    },
    logFile: options.logFile,
    exit: () => child.exit(),
    stop,
    kill9: async () => void (await child.stop(['SIGKILL'])),
    kill: (signal) => void child.kill(signal),
    restart: async () => {
      await stop();
      ({ child } = await start(port));
    },
  };
}

interface Started {
  readonly child: Child;
  readonly facts: MongoFacts;
  readonly port: number;
}

type Start = (port: number, open?: boolean) => Promise<Started>;

/** On a port of its own, for the moment that it takes to make `root`. */
async function createRootUnguarded(start: Start): Promise<void> {
  const { child } = await withFreePorts(false, async () => start(await freePort(), true));
  await child.stop();
}

async function prepareFiles(options: MongoOptions, password: string): Promise<string> {
  const { dataDir, logFile, binary } = options;
  await mkdir(dirname(logFile), { recursive: true });
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  if (options.password === undefined && (await readdir(dataDir)).length > 0) {
    throw new Error(
      `${dataDir} holds a database already, whose root password is not known; give it as password, or choose an empty folder.`,
    );
  }
  // A key shared by the members of the set; ours has one, which never sends it.
  const [name, text] = binary.kind === 'mongod' ? ['key', password.replace(/[^A-Za-z0-9]/g, '+')] : ['toml', ''];
  const sideFile = `${dataDir}.${name}`;
  await writeFile(sideFile, `${text}\n`, { mode: 0o600 });
  return sideFile;
}

async function startUntilReady(wanted: {
  readonly options: MongoOptions;
  readonly port: number;
  readonly password: string;
  readonly sideFile: string;
  readonly open: boolean;
}): Promise<{ readonly child: Child; readonly facts: MongoFacts }> {
  const { options, port, password, sideFile, open } = wanted;
  const { binary, dataDir, logFile, testCommands, oplogEntries } = options;
  const deadline = Date.now() + (options.patience ?? 60_000);
  const child = await startChild({
    name: binary.name,
    command: binary.path,
    args: mongoArguments(binary.kind, { port, dataDir, sideFile, open, testCommands, oplogEntries }),
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    cwd: dirname(dataDir),
    logFile,
    stopSignals: ['SIGTERM', 'SIGKILL'],
    orphanSignal: 'SIGKILL',
  });
  try {
    return { child, facts: await mongoReady({ port, password, deadline, gone: () => child.exit() !== undefined }) };
  } catch (cause) {
    const exit = child.exit();
    await child.stop(['SIGKILL']);
    const happened =
      exit === undefined ? `is not ready (${errorMessage(cause)})` : `ended by itself with ${describeExit(exit)}`;
    throw new Error(
      `${binary.name} on port ${port} ${happened}. The end of its log, ${logFile}:\n${await logTail(logFile)}`,
      { cause },
    );
  }
}
