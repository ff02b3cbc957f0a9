import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Progress } from '../../src/dev/progress';
import type { RunDir } from '../../src/dev/run-dir';
import { mongoFor, type MongoAt } from '../../src/dev/servers';
import type { MongoTestServer } from './mongo';
import { whyUnreachable } from './mongo-reachable';

/**
 * Starts MongoDB when the first test asks, once per jest run, and returns the address to ask at. Test files run in
 * processes that come and go; this one outlives them all, and the server ends with it.
 *
 * A server that died is started again on its data, and its death is printed: it costs the file that was running, not
 * every file after it.
 */
export async function listenForMongo(runDir: RunDir, progress: Progress): Promise<string> {
  let last: Promise<MongoAt> | undefined;
  const path = `/${randomBytes(16).toString('hex')}`;
  const asked = createServer((request, response) => {
    // A connection kept for later would keep jest from ending.
    response.setHeader('connection', 'close');
    if (request.url !== path) return void response.writeHead(404).end();
    last = last === undefined ? mongoFor(runDir, progress) : last.then(reachable);
    last.then(
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

async function reachable(at: MongoAt): Promise<MongoAt> {
  if (!at.server) return at;
  const why = await whyUnreachable(at.server);
  if (why === undefined) return at;
  process.stderr.write(`${why}\nIt is started again on the same data.\n`);
  await at.server.kill9();
  await at.server.restart();
  return at;
}
