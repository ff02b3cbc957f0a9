import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * What becomes of a message:
 * - `pass`: nothing happens to it.
 * - `hold`: it does not leave until `release`; the client waits.
 * - `hold-reply`: the server does it; nothing it says on this connection comes back until `release`.
 * - `drop-reply`: the server does it, and when it answers the client's connection is reset.
 */
export type MongoFate = 'pass' | 'hold' | 'hold-reply' | 'drop-reply';

/** A driver sends one message at a time on a connection; of one that comes in pieces the first is judged. */
export type MongoRule = (message: Buffer) => MongoFate;

export interface MongoProxy {
  /** The same URL by way of this proxy; the driver does not look for the set's other members. */
  through(url: string): string;
  /** From now on: whoever sends a message with this word loses its connection when the server answers. */
  dropReplyTo(word: string | undefined): void;
  /** Takes the place of what was said before. */
  setRule(rule: MongoRule | undefined): void;
  /** Settles when the rule has first said something else than `pass`. */
  struck(): Promise<void>;
  /** What was held goes on its way. */
  release(): void;
  /** How many answers were dropped. */
  readonly dropped: number;
  close(): Promise<void>;
}

/** Stands between the tool and its MongoDB. Command names stand in messages as they are written, so that it need not parse. */
export async function startMongoProxy(url: string): Promise<MongoProxy> {
  const { hostname, port } = new URL(url);
  const lines = new Set<Line>();
  let rule: MongoRule | undefined;
  let dropped = 0;
  let strike = deferred();
  const judge: MongoRule = (message) => {
    const fate = rule?.(message) ?? 'pass';
    if (fate !== 'pass') strike.resolve();
    return fate;
  };
  const setRule = (next: MongoRule | undefined): void => {
    rule = next;
    strike = deferred();
  };
  const server = createServer((client) => {
    const upstream = connect({ host: hostname, port: Number(port) });
    const line = new Line(client, upstream, judge, () => (dropped += 1));
    lines.add(line);
    line.onClose(() => lines.delete(line));
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
    dropReplyTo: (word) =>
      setRule(word === undefined ? undefined : (message) => (message.includes(word) ? 'drop-reply' : 'pass')),
    setRule,
    struck: () => strike.promise,
    release: () => {
      for (const line of lines) line.release();
    },
    get dropped() {
      return dropped;
    },
    close: async () => {
      for (const line of lines) line.end();
      server.close();
      await once(server, 'close');
    },
  };
}

class Line {
  private doomed = false;
  private held: { readonly toServer: Buffer[]; readonly toClient: Buffer[] } | undefined;
  private readonly closing: (() => void)[] = [];

  constructor(
    private readonly client: Socket,
    private readonly upstream: Socket,
    private readonly judge: MongoRule,
    private readonly onDrop: () => void,
  ) {
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.end();
        for (const done of this.closing) done();
      });
    }
    client.on('data', (chunk: Buffer) => this.fromClient(chunk));
    upstream.on('data', (chunk: Buffer) => this.fromServer(chunk));
  }

  onClose(done: () => void): void {
    this.closing.push(done);
  }

  end(): void {
    this.client.destroy();
    this.upstream.destroy();
  }

  release(): void {
    const { held } = this;
    this.held = undefined;
    for (const bytes of held?.toClient ?? []) this.client.write(bytes);
    for (const bytes of held?.toServer ?? []) this.upstream.write(bytes);
  }

  private fromClient(chunk: Buffer): void {
    const fate = this.held ? 'pass' : this.judge(chunk);
    if (fate === 'drop-reply') this.doomed = true;
    if (fate === 'hold-reply') this.held = { toServer: [], toClient: [] };
    if (fate === 'hold') this.held = { toServer: [chunk], toClient: [] };
    else if (this.held && this.held.toServer.length > 0) this.held.toServer.push(chunk);
    else this.upstream.write(chunk);
  }

  private fromServer(chunk: Buffer): void {
    if (this.held) return void this.held.toClient.push(chunk);
    if (!this.doomed) return void this.client.write(chunk);
    this.onDrop();
    this.client.resetAndDestroy();
  }
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
