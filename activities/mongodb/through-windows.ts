import type { Db } from 'mongodb';
import type { MongoContext } from './context';
import { Governor } from './governor';
import { idText, readId, streamIds } from './id-stream';
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
 * with every window, the pace adapted to what the application notices. The row that says how far it came is written
 * about once a second; what was done since is done again, and finds nothing to do.
 */
export async function throughWindows(context: MongoContext, walk: ThroughWindows): Promise<Reached> {
  const { lane, signal } = context;
  const row = { run: context.run.id, step: context.step.id, name: walk.name };
  const before = await readReached(lane, row);
  return context.outside(async (db) => {
    const collection = db.collection(walk.table);
    const total = await collection.estimatedDocumentCount();
    await using pinger = await Pinger.start(collection);
    const governor = new Governor({ lane, run: row.run, signal }, pinger);
    const started = performance.now();
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
    for await (const window of readAhead(cutWindows(ids, () => governor.docs))) {
      signal.throwIfAborted();
      const at = performance.now();
      // Asked beside the work, not before it: whoever was overtaken writes one window more, which harms nobody.
      const token = context.checkToken();
      token.catch(() => undefined);
      const changed = await walk.work(db, window);
      await token;
      last = window;
      reached = {
        ...reached,
        walked: reached.walked + window.docs,
        stamped: reached.stamped + changed,
        windows: reached.windows + 1,
      };
      const elapsed = performance.now() - started;
      context.progress({
        doing: `${walk.doing} ${walk.table}${pace(reached.walked - before.walked, elapsed, total - reached.walked)}${governor.said}`,
        done: reached.walked,
        total: Math.max(total, reached.walked),
        unit: 'documents',
      });
      if (performance.now() - written > ROW_EVERY_MS) {
        await writeReached(lane, row, seen());
        written = performance.now();
      }
      await governor.between(window.docs, performance.now() - at);
    }
    const end = seen();
    await writeReached(lane, row, end);
    return end;
  });
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
