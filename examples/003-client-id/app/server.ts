import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openPool } from './pool';
import { answer } from './routes';
import { serve } from './http';

/**
 * The sell-out application: `DATABASE_URL=… PORT=… node server.js`. It says `{"type":"ready","port":N}` on stdout when it
 * listens on loopback (PORT 0 or none: any free port), and ends on SIGTERM after answering what it has accepted.
 */
async function main(): Promise<void> {
  const url = process.env.DATABASE_URL;
  if (url === undefined) throw new Error('DATABASE_URL is not set; give it the address of the database as role app.');
  const pool = openPool(url);
  const server = createServer((message, response) => void serve(message, response, (request) => answer(pool, request)));
  // Longer than any client keeps an idle connection, so that it is never the server who closes under a request.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', resolve);
  });
  const stop = (): void => {
    server.close(() => void pool.end());
    server.closeIdleConnections();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ type: 'ready', port, url: `http://127.0.0.1:${port}` }));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
