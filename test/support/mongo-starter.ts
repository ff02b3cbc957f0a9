import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { givenMongo } from '../../src/dev/mongo-given';
import { findOrBuildMongo } from '../../src/dev/mongo-binary';
import { startMongo, type MongoServer } from '../../src/dev/mongo-server';
import type { Progress } from '../../src/dev/progress';
import type { RunDir } from '../../src/dev/run-dir';
import type { MongoTestServer } from './mongo';
import { whyUnreachable } from './mongo-reachable';

/** Who asks: a jest worker runs one test file after the other. */
interface Asker {
  readonly worker: string;
  readonly file: string;
}

/** What the last test file of one worker was given. */
interface Lent {
  readonly file: string;
  readonly server: MongoServer;
  readonly remove: () => Promise<void>;
}

/**
 * Starts MongoDB when a test file asks and returns the address to ask at. Test files run in processes that come and go;
 * this one outlives them all, and the servers end with it.
 *
 * Each file gets a server of its own, on an empty folder, and the one of the file before is stopped: an oplog of all
 * files' writes, documents of 16 MB among them, made SecantusDB grow to 7 GB when a later file opened change streams.
 */
export async function listenForMongo(runDir: RunDir, progress: Progress): Promise<string> {
  const workers = new Map<string, Promise<MongoTestServer>>();
  const lent = new Map<string, Lent>();
  const path = `/${randomBytes(16).toString('hex')}`;
  const lend = async (asker: Asker): Promise<MongoTestServer> => {
    const given = process.env['MONGODB_URI'];
    if (given) return givenMongo(given);
    const last = lent.get(asker.worker);
    if (last?.file === asker.file) return alive(last.server);
    lent.delete(asker.worker);
    await last?.remove();
    const next = await startFor(asker, runDir, progress);
    lent.set(asker.worker, next);
    return next.server;
  };
  const asked = createServer((request, response) => {
    // A connection kept for later would keep jest from ending.
    response.setHeader('connection', 'close');
    const [at, worker = '', file = ''] = (request.url ?? '').split(/[?&]/);
    if (at !== path) return void response.writeHead(404).end();
    // One after the other for each worker: two questions of one file lead to one server.
    const turn = (workers.get(worker) ?? Promise.resolve()).catch(() => undefined).then(() => lend({ worker, file }));
    workers.set(worker, turn);
    turn.then(
      ({ rootUri, version, name }) =>
        response.end(JSON.stringify({ rootUri, version, name } satisfies MongoTestServer)),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    );
  });
  // A build takes minutes, and whoever asks waits for it.
  asked.requestTimeout = 0;
  await new Promise<void>((resolve) => asked.listen(0, '127.0.0.1', resolve));
  asked.unref();
  return `http://127.0.0.1:${(asked.address() as AddressInfo).port}${path}`;
}

async function startFor({ file }: Asker, runDir: RunDir, progress: Progress): Promise<Lent> {
  const binary = await findOrBuildMongo(progress);
  const folder = runDir.file('mongo', file);
  const dataDir = runDir.file('mongo', file, 'data');
  const server = await startMongo({ binary, dataDir, logFile: runDir.file('logs', `mongo-${file}.log`) });
  return {
    file,
    server,
    remove: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** One that died is started again on its data, and its death is printed. */
async function alive(server: MongoServer): Promise<MongoServer> {
  const why = await whyUnreachable(server);
  if (why === undefined) return server;
  process.stderr.write(`${why}\nIt is started again on the same data.\n`);
  await server.kill9();
  await server.restart();
  return server;
}
