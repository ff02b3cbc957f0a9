import { setTimeout as wait } from 'node:timers/promises';
import { ObjectId, type Collection } from 'mongodb';
import { median, upperQuartile } from './pace';

/**
 * Reads one document by `_id`, and writes to one that is not there, again and again, as the application would: what that
 * costs while windows are written says how much of them the application notices. The write changes nothing, but waits
 * for what a write waits for: on a server that holds its writers up for a whole statement, reads alone notice nothing.
 */
export class Pinger implements AsyncDisposable {
  private recent: number[] = [];
  private resting = false;
  private readonly stopped = new AbortController();
  private readonly loop: Promise<void>;

  private constructor(
    private readonly collection: Collection,
    private readonly id: unknown,
    private idle: readonly number[],
  ) {
    this.loop = this.run();
  }

  /** The median of the latest ones while nothing of ours was going on; milliseconds. */
  get idleMs(): number {
    return median(this.idle);
  }

  /** Between two windows: what one costs without them, now. A machine that got busy otherwise is no reason to give way. */
  async calibrate(): Promise<void> {
    const found: number[] = [];
    for (let i = 0; i < 3; i++) found.push(await ping(this.collection, this.id));
    this.idle = [...this.idle, ...found].slice(-KEPT);
  }

  static async start(collection: Collection): Promise<Pinger> {
    const one = await collection.findOne({}, { projection: { _id: 1 } });
    const id: unknown = one?._id ?? null;
    const idle: number[] = [];
    // The first ones open connections.
    for (let i = 0; i < 13; i++) idle.push(await ping(collection, id));
    return new Pinger(collection, id, idle.slice(-KEPT));
  }

  /** What one in four exceeded since the last call: a window is met by chance. Undefined when there were too few to tell. */
  take(): number | undefined {
    if (this.recent.length < 5) return undefined;
    const found = upperQuartile(this.recent);
    this.recent = [];
    return found;
  }

  /** No pings while there is nobody to measure them for. */
  rest(resting: boolean): void {
    if (this.resting && !resting) this.recent = [];
    this.resting = resting;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopped.abort();
    await this.loop;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted) {
      try {
        if (!this.resting) this.recent.push(await ping(this.collection, this.id));
        await wait(EVERY_MS, undefined, { signal });
      } catch {
        // A server that is away is noticed by the windows; this only measures.
        await wait(EVERY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}

/** The longer of a read and a write. */
async function ping(collection: Collection, id: unknown): Promise<number> {
  const start = performance.now();
  await collection.findOne({ _id: id as never }, { projection: { _id: 1 } });
  const read = performance.now();
  await collection.updateOne({ _id: new ObjectId() }, { $set: { _cutover_ping: 1 } }, { upsert: false });
  return Math.max(read - start, performance.now() - read);
}

const EVERY_MS = 25;
const KEPT = 9;
