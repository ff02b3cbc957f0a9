import type { Db } from 'mongodb';
import { Bystanders } from './bystanders';
import type { MongoContext } from './context';
import { Governor } from './governor';
import { idText, readId, streamIds } from './id-stream';
import { inTurn } from './in-turn';
import { Pinger } from './pinger';
import { readReached, writeReached, type Reached } from './progress-row';
import { cutWindows, readAhead, upperBound, type Window } from './windows';

export interface ThroughWindows {
  readonly table: string;
  /** Of the progress row: a later attempt goes on where it says. */
  readonly name: string;
  /** `stamping` */
  readonly doing: string;
  /** Answers how many documents it changed. Harmless when done twice, or late. */
  readonly work: (db: Db, window: Window) => Promise<number>;
}

/**
 * A whole collection in windows, one after the other, while the application writes: no transaction, the token checked
 * with every window, the pace adapted to what the application notices; where there is none, two windows at once. The row
 * that says how far it came is written about once a second; what was done since is done again, and finds nothing to do.
 */
export async function throughWindows(context: MongoContext, walk: ThroughWindows): Promise<Reached> {
  const { lane, signal } = context;
  const row = { run: context.run.id, step: context.step.id, name: walk.name };
  const before = await readReached(lane, row);
  return context.outside(async (db) => {
    const collection = db.collection(walk.table);
    const total = await collection.estimatedDocumentCount();
    using bystanders = await Bystanders.start(db.client);
    await using pinger = await Pinger.start(collection);
    const governor = new Governor({ lane, run: row.run, signal }, pinger, bystanders);
    const started = performance.now();
    let heldAt = started;
    let reached = before;
    let [written, last] = [started, undefined as Window | undefined];
    const ids = streamIds(collection, {
      signal,
      ...(before.bound === undefined ? {} : { after: { id: readId(before.bound) } }),
    });
    const seen = (): Reached => ({
      ...reached,
      ms: before.ms + Math.round(performance.now() - started),
      ...(last ? { bound: idText(upperBound(last)) } : {}),
    });
    const account = async ({ window, writing, at }: Written): Promise<void> => {
      const changed = await writing;
      heldAt = Math.max(heldAt, at);
      last = window;
      reached = {
        ...reached,
        walked: reached.walked + window.docs,
        stamped: reached.stamped + changed,
        windows: reached.windows + 1,
      };
      const now = performance.now();
      context.progress({
        doing: `${walk.doing} ${walk.table}${pace(reached.walked - before.walked, now - started, total - reached.walked)}${governor.said}`,
        done: reached.walked,
        total: Math.max(total, reached.walked),
        unit: 'documents',
      });
      if (now - written > ROW_EVERY_MS) {
        await writeReached(lane, row, seen());
        written = performance.now();
      }
      await governor.between(window.docs, now - at);
    };
    await inTurn(
      readAhead(cutWindows(ids, () => governor.docs)),
      (window) => {
        signal.throwIfAborted();
        const at = performance.now();
        const fresh = at - heldAt < LEASE_MS;
        return { window, at, writing: write(context, fresh, () => walk.work(db, window)) };
      },
      account,
      () => governor.overlaps,
    );
    const end = seen();
    await writeReached(lane, row, end);
    return end;
  });
}

interface Written {
  readonly window: Window;
  /** When it was sent. */
  readonly at: number;
  readonly writing: Promise<number>;
}

/**
 * The token is asked beside the work, not before it: whoever was overtaken a moment ago writes what it has under way,
 * which harms nobody. Whoever has slept asks first: by now the step may have been undone. Fails only when both have
 * ended.
 */
async function write(context: MongoContext, fresh: boolean, work: () => Promise<number>): Promise<number> {
  if (!fresh) await context.checkToken();
  const [token, changed] = await Promise.allSettled([context.checkToken(), work()]);
  if (token.status === 'rejected') throw token.reason as Error;
  if (changed.status === 'rejected') throw changed.reason as Error;
  return changed.value;
}

/** `: 12,300 documents/s, about 20 s left` */
export function pace(done: number, elapsedMs: number, left: number): string {
  if (elapsedMs < 500 || done === 0) return '';
  const perSecond = (done / elapsedMs) * 1000;
  const seconds = Math.ceil(Math.max(0, left) / perSecond);
  const time = seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
  return `: ${Math.round(perSecond).toLocaleString('en-US')} documents/s, about ${time} left`;
}

const ROW_EVERY_MS = 1_000;
/** So long the token counts as held once it was asked for; well below any heartbeat's timeout. */
const LEASE_MS = 2_000;
