import { createServer, type AddressInfo, type Server } from 'node:net';
import { errorMessage } from './error-code';

/**
 * `count` different free TCP ports of 127.0.0.1. All are held until the last is known, so they differ; between this
 * call and their use another process may still take one, hence whoever uses them tries again when it may choose.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map(close));
  return ports;
}

/** One free TCP port of 127.0.0.1. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined)
    throw new Error('The system gave no free port on 127.0.0.1; close some programs and try again.');
  return port;
}

/**
 * Runs `start`, and again with other ports when one that was free a moment ago is taken by now. With `fixed` the port is
 * the caller's choice, so the first failure stands.
 */
export async function withFreePorts<T>(fixed: boolean, start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      const taken = /address already in use|port \d+ is (already )?in use/i.test(errorMessage(error));
      if (!taken || fixed || attempt === 3) throw error;
    }
  }
}

function listen(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())));
}
