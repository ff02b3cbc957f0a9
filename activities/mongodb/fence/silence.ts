import type { ChangeStream, Db, Document, Timestamp } from 'mongodb';
import { CutoverError } from '../../../src/core/failure';
import { wordsOf } from '../server-words';
import type { Expiring } from './expiring';

/** A change that somebody made although everybody should be quiet. */
export interface Noise {
  readonly table: string;
  readonly operation: string;
}

/** A change stream over the whole database, open from before the fence. */
export interface Listener extends AsyncDisposable {
  /**
   * Listens for so long. What was written before `since` (a time of the server's own, from a reply after the fence
   * stood) does not count: it was on its way. Nor does what the server deletes of itself.
   *
   * @throws FreezeFailed when the stream cannot be followed: silence that nobody heard proves nothing.
   */
  listen(
    since: Timestamp,
    forMs: number,
    signal: AbortSignal,
    expiring?: Pick<Expiring, 'expected'>,
  ): Promise<readonly Noise[]>;
}

export async function startListening(db: Db): Promise<Listener> {
  let stream: ChangeStream<Document>;
  try {
    stream = db.watch([], { maxAwaitTimeMS: AWAIT_MS, batchSize: 1000 });
    await stream.tryNext();
  } catch (error) {
    throw deaf(error);
  }
  return {
    listen: async (since, forMs, signal, expiring) => {
      const noise: Noise[] = [];
      const end = performance.now() + forMs;
      try {
        for (let heard = await stream.tryNext(); ; heard = await stream.tryNext()) {
          signal.throwIfAborted();
          const late =
            heard !== null && isLater(heard, since) && expiring?.expected(heard) !== true ? heard : undefined;
          if (late && noise.length < MAX_NOISE) noise.push(nameOf(late));
          // What lies before the fence is read to its end first; a writer that never rests must not keep us listening.
          if ((heard === null || late) && performance.now() >= end) return noise;
        }
      } catch (error) {
        signal.throwIfAborted();
        throw deaf(error);
      }
    },
    [Symbol.asyncDispose]: () => stream.close().catch(() => undefined),
  };
}

/** The server's time of what it has done last. */
export async function operationTime(db: Db): Promise<Timestamp> {
  const { operationTime: time } = await db.client.db('admin').command({ ping: 1 });
  if (time === undefined)
    throw new CutoverError('Refused', 'The server tells no operation time; a fence needs a replica set.');
  return time as Timestamp;
}

function isLater(change: Document, since: Timestamp): boolean {
  const at = change['clusterTime'] as Timestamp | undefined;
  return at === undefined || at.greaterThan(since);
}

function nameOf(change: Document): Noise {
  const { coll } = (change['ns'] ?? {}) as { readonly coll?: string };
  return { table: coll ?? 'the database', operation: String(change['operationType']) };
}

function deaf(error: unknown): CutoverError {
  return new CutoverError(
    'FreezeFailed',
    `The database's change stream cannot be followed, so that nobody knows whether the other writers are quiet: ${wordsOf(error)}`,
    { cause: error },
  );
}

const AWAIT_MS = 100;
const MAX_NOISE = 50;
