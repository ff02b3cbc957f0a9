import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What becomes of the answer to a message that contains the word. */
export type ReplyFate = 'pass' | 'drop';

export interface MongoProxy {
  /** The same URL by way of this proxy; the driver does not look for the set's other members. */
  through(url: string): string;
  /** From now on: whoever sends a message with this word loses its connection when the server answers. */
  dropReplyTo(word: string | undefined): void;
  /** How many answers were dropped. */
  readonly dropped: number;
  close(): Promise<void>;
}

/** Stands between the tool and its MongoDB. Command names stand in messages as they are written, so that it need not parse. */
export async function startMongoProxy(url: string): Promise<MongoProxy> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let word: string | undefined;
  let dropped = 0;
  const server = createServer((client) => {
    const upstream = connect({ host: hostname, port: Number(port) });
    let doomed = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => {
      if (word !== undefined && chunk.includes(word)) doomed = true;
      upstream.write(chunk);
    });
    upstream.on('data', (chunk: Buffer) => {
      if (!doomed) return void client.write(chunk);
      dropped += 1;
      client.resetAndDestroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    through: (original) => {
      const changed = new URL(original);
      changed.hostname = '127.0.0.1';
      changed.port = String((server.address() as AddressInfo).port);
      changed.searchParams.delete('replicaSet');
      changed.searchParams.set('directConnection', 'true');
      return changed.toString();
    },
    dropReplyTo: (next) => (word = next),
    get dropped() {
      return dropped;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
