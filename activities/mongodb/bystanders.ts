import type { CommandStartedEvent, MongoClient } from 'mongodb';

/**
 * Whether anybody but this client reads or writes on the server, by the server's own count of reads and writes less
 * ours. Where it cannot be told (the user may not ask, a router of a sharded cluster that sees only its own share) there
 * is somebody.
 */
export class Bystanders implements Disposable {
  private sent = 0;
  private answered = 0;
  private base: Count | undefined;
  private seenAt = -Infinity;
  private readonly open = new Set<number>();

  private constructor(private readonly client: MongoClient) {
    client.on('commandStarted', this.started);
    client.on('commandSucceeded', this.ended);
    client.on('commandFailed', this.ended);
  }

  /** The client must emit its commands (`monitorCommands`). */
  static async start(client: MongoClient): Promise<Bystanders> {
    const bystanders = new Bystanders(client);
    bystanders.base = await bystanders.count();
    return bystanders;
  }

  /** Nobody since the start, and for some seconds. A few operations at once may be taken for ours; the next are not. */
  async areAway(): Promise<boolean> {
    const { base } = this;
    const now = await this.count();
    if (!now || !base) {
      this.base = now;
      return false;
    }
    const others = now.all - base.all - (now.oursAtMost - base.oursAtLeast);
    // Fewer than before: another server has become the primary, and counts from anew.
    if (others > 0 || now.all < base.all) {
      this.base = now;
      this.seenAt = performance.now();
    }
    return performance.now() - this.seenAt > REMEMBERED_MS;
  }

  [Symbol.dispose](): void {
    this.client.off('commandStarted', this.started);
    this.client.off('commandSucceeded', this.ended);
    this.client.off('commandFailed', this.ended);
  }

  private readonly started = ({ commandName, requestId }: CommandStartedEvent): void => {
    if (!COUNTED.has(commandName)) return;
    this.sent += 1;
    this.open.add(requestId);
  };

  private readonly ended = ({ requestId }: { readonly requestId: number }): void => {
    if (this.open.delete(requestId)) this.answered += 1;
  };

  private async count(): Promise<Count | undefined> {
    const oursAtLeast = this.answered;
    const status = await this.client
      .db('admin')
      .command(SLIM)
      .catch(() => undefined);
    const { reads, writes } = (status?.['opLatencies'] ?? {}) as Readonly<Record<string, { readonly ops?: unknown }>>;
    const all = Number(reads?.ops) + Number(writes?.ops);
    if (status?.['process'] === 'mongos' || !Number.isFinite(all)) return undefined;
    return { all, oursAtLeast, oursAtMost: this.sent };
  }
}

/** What is under way while the server is asked may be in its answer or not. */
interface Count {
  readonly all: number;
  readonly oursAtLeast: number;
  readonly oursAtMost: number;
}

/** What servers count as one read or one write. */
const COUNTED: ReadonlySet<string> = new Set([
  ...['find', 'getMore', 'aggregate', 'count', 'distinct'],
  ...['insert', 'update', 'delete', 'findAndModify', 'bulkWrite'],
]);

/** Without the parts that a server takes longest to put together. */
const SLIM = { serverStatus: 1, repl: 0, metrics: 0, locks: 0, wiredTiger: 0, tcmalloc: 0 } as const;

/** An application that works now and then is one all the time. */
const REMEMBERED_MS = 10_000;
