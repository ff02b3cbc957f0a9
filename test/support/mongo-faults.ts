import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MongoClient, type Document } from 'mongodb';
import { findOrBuildMongo } from '../../src/dev/mongo-binary';
import { startMongo, type MongoServer } from '../../src/dev/mongo-server';
import { silent } from '../../src/dev/progress';
import { openRunDir } from '../../src/dev/run-dir';
import type { MongoTestServer } from './mongo';

/** What a `failCommand` does to the commands it names. */
export interface Fault {
  /** The client's name as it says it, exactly; default everybody's. */
  readonly appName?: string;
  readonly commands: readonly string[];
  /** How often it strikes; default until it is healed. */
  readonly times?: number;
  /** How many it lets pass first. */
  readonly skip?: number;
  readonly closeConnection?: boolean;
  readonly errorCode?: number;
  /** Instead of those that the server gives by itself. */
  readonly errorLabels?: readonly string[];
  readonly blockMs?: number;
  readonly writeConcernError?: { readonly code: number; readonly errmsg: string };
}

/** A server of a test file's own that fails when it is told to: what it is told, it does to everybody on it. */
export interface FaultyMongo extends AsyncDisposable {
  readonly server: MongoServer;
  /** As root. */
  readonly client: MongoClient;
  /** Instead of the fault before. */
  fail(fault: Fault): Promise<void>;
  heal(): Promise<void>;
  /** Forced: for so many seconds it takes no write. */
  stepDown(seconds: number): Promise<void>;
  /** When it takes writes again. */
  primary(): Promise<void>;
}

/** From here on `freshMongo()` of this test file leads to a server that can be told to fail. */
export async function faultyMongo(options: { readonly oplogEntries?: number } = {}): Promise<FaultyMongo> {
  const runDir = openRunDir('fault-mongo');
  const server = await startMongo({
    binary: await findOrBuildMongo(silent),
    dataDir: runDir.file('mongo', 'data'),
    logFile: runDir.file('logs', 'mongo.log'),
    testCommands: true,
    ...options,
  });
  const client = await new MongoClient(server.rootUri, { serverSelectionTimeoutMS: 2_000 }).connect();
  const admin = client.db('admin');
  const address = await leadHere(server);
  const primary = async (): Promise<void> => {
    while ((await admin.command({ hello: 1 }))['isWritablePrimary'] !== true);
  };
  return {
    ...{ server, client, primary },
    fail: async (fault) => void (await admin.command(failCommand(fault))),
    heal: async () => void (await admin.command({ configureFailPoint: 'failCommand', mode: 'off' })),
    stepDown: async (seconds) => void (await admin.command({ replSetStepDown: seconds, force: true })),
    [Symbol.asyncDispose]: async () => {
      await address.close();
      await client.close();
      await server.stop();
      await runDir.close();
    },
  };
}

function failCommand(fault: Fault): Document {
  const { appName, commands, times, skip, closeConnection, errorCode, errorLabels, blockMs, writeConcernError } = fault;
  return {
    configureFailPoint: 'failCommand',
    mode: times === undefined && skip === undefined ? 'alwaysOn' : { ...(times ? { times } : {}), skip: skip ?? 0 },
    data: {
      failCommands: [...commands],
      ...(appName === undefined ? {} : { appName }),
      ...(closeConnection === true ? { closeConnection } : {}),
      ...(errorCode === undefined ? {} : { errorCode }),
      ...(errorLabels === undefined ? {} : { errorLabels }),
      ...(blockMs === undefined ? {} : { blockConnection: true, blockTimeMS: blockMs }),
      ...(writeConcernError === undefined ? {} : { writeConcernError }),
    },
  };
}

/** Where the helpers of other tests ask for the shared server they hear of this one: failpoints must not meet others. */
async function leadHere({ rootUri, version, name }: MongoServer): Promise<{ readonly close: () => Promise<void> }> {
  const asked = createServer((_, response) => {
    response.setHeader('connection', 'close');
    response.end(JSON.stringify({ rootUri, version, name } satisfies MongoTestServer));
  });
  await new Promise<void>((resolve) => asked.listen(0, '127.0.0.1', resolve));
  process.env['CUTOVER_TEST_MONGO'] = `http://127.0.0.1:${(asked.address() as AddressInfo).port}/`;
  return { close: () => new Promise((resolve) => asked.close(() => resolve())) };
}
