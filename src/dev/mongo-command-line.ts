import type { MongoKind } from './mongo-versions';

export interface MongoPlace {
  readonly port: number;
  /** Storage; exists. */
  readonly dataDir: string;
  /** A file of our own beside it: mongod's key, or an empty configuration for SecantusDB. */
  readonly sideFile: string;
  /** Without authentication, for the first start of a server that has no localhost exception. */
  readonly open?: boolean;
  /** `configureFailPoint` and a forced step-down: for tests that hurt a server of their own, never for a shared one. */
  readonly testCommands?: boolean | undefined;
  /** A log of operations that forgets soon: about so many entries on SecantusDB, the smallest that there is on mongod. */
  readonly oplogEntries?: number | undefined;
}

/** Whether the first user can be made while authentication is on, from this machine. */
export function hasLocalhostException(kind: MongoKind): boolean {
  return kind !== 'secantusd-py';
}

/** The replica set's name where we choose it; SecantusDB has its own. */
export const REPLICA_SET = 'cutover';

/**
 * The arguments for a one-node replica set on 127.0.0.1, with authentication, whose acknowledged writes survive a crash.
 * Secrets come by file only.
 */
export function mongoArguments(kind: MongoKind, place: MongoPlace): readonly string[] {
  return kind === 'mongod' ? mongodArguments(place) : secantusArguments(kind, place);
}

function mongodArguments({ port, dataDir, sideFile, testCommands, oplogEntries }: MongoPlace): readonly string[] {
  return [
    ...['--bind_ip', '127.0.0.1', '--port', String(port), '--dbpath', dataDir, '--replSet', REPLICA_SET],
    ...['--keyFile', sideFile, '--nounixsocket', '--wiredTigerCacheSizeGB', '1'],
    ...['--oplogSize', oplogEntries === undefined ? '512' : '1'],
    ...(testCommands === true ? ['--setParameter', 'enableTestCommands=1'] : []),
    ...['--setParameter', 'diagnosticDataCollectionEnabled=false'],
    // A primary waits 15 s for a successor before it stops, and there is none.
    ...['--setParameter', 'shutdownTimeoutMillisForSignaledShutdown=100'],
  ];
}

function secantusArguments(kind: MongoKind, place: MongoPlace): readonly string[] {
  const { port, dataDir, sideFile, open, testCommands, oplogEntries = 2_000_000 } = place;
  return [
    ...['--host', '127.0.0.1', '--port', String(port), '--storage-path', dataDir, ...(open ? [] : ['--auth'])],
    // Without a file named it reads ~/.secantus and /etc/secantus.
    ...['--config', sideFile, '--log-level', 'WARNING'],
    // By default a commit is not flushed: kill -9 lost 36 acknowledged writes (majority, journal) of 8 writers.
    ...['--sync-on-commit', '--cache-size', '1G', '--oplog-max-entries', String(oplogEntries)],
    ...(testCommands === true ? ['--enable-test-commands'] : []),
    ...(kind === 'secantusd-rs' ? ['--log-file-max', '32MB'] : []),
  ];
}
