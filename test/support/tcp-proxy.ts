import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { ClientStream, type ClientMessage } from './pg-wire';

/**
 * What becomes of a message:
 * - `pass`: nothing happens to it.
 * - `hold`: it does not leave until `release`; the client waits.
 * - `hold-reply`: the server does it; nothing it says comes back until `release`.
 * - `drop-reply`: the server does it, and when it answers the client's connection is reset.
 * - `reset`: it does not reach the server, and both connections are reset.
 */
export type Fate = 'pass' | 'hold' | 'hold-reply' | 'drop-reply' | 'reset';

/** One connection of the tool, and what it has said so far. */
export interface Talk {
  readonly id: number;
  /** application_name of the startup message. */
  readonly application: string;
  /** Step and verb of the attempt, once it has claimed. */
  readonly step: string;
  readonly verb: string;
  /** How many COMMITs this connection has sent. */
  readonly commits: number;
  /** Events of the ledger rows in the transaction that is open. */
  readonly rows: readonly string[];
}

export type Rule = (message: ClientMessage, talk: Talk) => Fate;

export interface TcpProxy {
  /** The same URL by way of this proxy. */
  through(url: string): string;
  setRule(rule: Rule | undefined): void;
  /** Connections open now. */
  readonly open: number;
  /** Settles when the rule has first said something else than `pass`, with the connection it said it of. */
  struck(): Promise<Talk>;
  /** What was held goes on its way. */
  release(): void;
  /** Resets every connection, on both sides. */
  cutAll(): void;
  /** From now on nothing is forwarded in either direction, and nothing is closed either, also when the other side goes. */
  blackHole(): void;
  /** While false, new connections are refused. */
  accept(yes: boolean): void;
  close(): Promise<void>;
}

/** Stands between the tool and its database, reads along, and breaks the line where a rule says so. */
export async function startTcpProxy(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  const lines = new Set<Line>();
  let rule: Rule | undefined;
  let accepting = true;
  let count = 0;
  let strike = deferred<Talk>();
  const judge: Rule = (message, talk) => {
    const fate = rule?.(message, talk) ?? 'pass';
    if (fate !== 'pass') strike.resolve({ ...talk });
    return fate;
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (!accepting) return void client.resetAndDestroy();
    const line = new Line((count += 1), client, connect({ ...target, allowHalfOpen: true }), judge);
    lines.add(line);
    line.onClose(() => lines.delete(line));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    through: (url) => {
      const changed = new URL(url);
      changed.hostname = '127.0.0.1';
      changed.port = String(port);
      return changed.toString();
    },
    setRule: (next) => {
      rule = next;
      strike = deferred<Talk>();
    },
    get open() {
      return lines.size;
    },
    struck: () => strike.promise,
    release: () => {
      for (const line of lines) line.release();
    },
    cutAll: () => {
      for (const line of lines) line.reset();
    },
    blackHole: () => {
      for (const line of lines) line.silence();
    },
    accept: (yes) => (accepting = yes),
    close: async () => {
      for (const line of lines) line.reset();
      server.close();
      await once(server, 'close');
    },
  };
}

class Line {
  private readonly stream = new ClientStream();
  private readonly talk: { -readonly [K in keyof Talk]: Talk[K] };
  private readonly closing: (() => void)[] = [];
  private lastSql = '';
  private dropReply = false;
  private held: { readonly toServer: Buffer[]; readonly toClient: Buffer[] } | undefined;
  private deaf = false;

  constructor(
    id: number,
    private readonly client: Socket,
    private readonly server: Socket,
    private readonly rule: Rule,
  ) {
    this.talk = { id, application: '', step: '', verb: '', commits: 0, rows: [] };
    client.setNoDelay(true);
    server.setNoDelay(true);
    client.on('data', (chunk: Buffer) => this.fromClient(chunk));
    server.on('data', (chunk: Buffer) => this.fromServer(chunk));
    // What one side does the other side learns: a killed worker's socket is closed by its kernel.
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => this.deaf || other.resetAndDestroy());
      one.on('end', () => this.deaf || other.end());
      one.on('close', () => {
        if (!this.deaf) other.destroy();
        if (client.destroyed && server.destroyed) for (const done of this.closing) done();
      });
    }
  }

  onClose(done: () => void): void {
    this.closing.push(done);
  }

  reset(): void {
    this.client.resetAndDestroy();
    this.server.resetAndDestroy();
  }

  silence(): void {
    this.deaf = true;
  }

  release(): void {
    const { held } = this;
    this.held = undefined;
    for (const bytes of held?.toClient ?? []) this.client.write(bytes);
    for (const bytes of held?.toServer ?? []) this.server.write(bytes);
  }

  private fromClient(chunk: Buffer): void {
    if (this.deaf) return;
    for (const message of this.stream.push(chunk)) {
      this.note(message);
      this.follow(message, this.held ? 'hold' : this.rule(message, this.talk));
      if (message.kind === 'query' && /^(COMMIT|ROLLBACK|BEGIN)/.test(message.sql ?? '')) this.talk.rows = [];
    }
  }

  private follow(message: ClientMessage, fate: Fate): void {
    switch (fate) {
      case 'pass':
        return void this.server.write(message.bytes);
      case 'hold':
        this.held ??= { toServer: [], toClient: [] };
        return void this.held.toServer.push(message.bytes);
      case 'hold-reply':
        this.held = { toServer: [], toClient: [] };
        return void this.server.write(message.bytes);
      case 'drop-reply':
        this.dropReply = true;
        return void this.server.write(message.bytes);
      case 'reset':
        return this.reset();
    }
  }

  private fromServer(chunk: Buffer): void {
    if (this.deaf) return;
    if (this.held) return void this.held.toClient.push(chunk);
    if (this.dropReply) return this.reset();
    this.client.write(chunk);
  }

  private note({ kind, sql = '', values = [], startup }: ClientMessage): void {
    if (kind === 'startup') this.talk.application = startup?.['application_name'] ?? '';
    if (kind === 'parse') this.lastSql = sql;
    if (kind === 'query' && sql === 'COMMIT') this.talk.commits += 1;
    if (kind !== 'bind') return;
    if (/^\s*(INSERT INTO|UPDATE) cutover\.claim/.test(this.lastSql) && values.length > 4) {
      this.talk.step = values[3] ?? '';
      this.talk.verb = values[4] ?? '';
    }
    if (/^\s*INSERT INTO cutover\.ledger/.test(this.lastSql)) this.talk.rows = [...this.talk.rows, values[5] ?? ''];
  }
}

function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}
