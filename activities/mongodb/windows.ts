import type { Document, Filter } from 'mongodb';
import type { LazyId } from './raw-id';

/** A stretch of a collection in the order of `_id`. Two windows of one stream never hold the same document. */
export type Window =
  /** Closed at both ends: an open range would have to name what lies beyond, and stops at the next type in silence. */
  | { readonly kind: 'range'; readonly from: unknown; readonly to: unknown; readonly docs: number }
  | { readonly kind: 'ids'; readonly ids: readonly unknown[]; readonly docs: number };

/**
 * Cuts windows of at most `size()` documents from ids in BSON order. A window ends where the type does: MongoDB compares
 * within one bracket only. What no range reaches (NaN, and the kinds that people do not order by) is listed.
 */
export async function* cutWindows(
  batches: AsyncIterable<readonly LazyId[]>,
  size: () => number,
): AsyncGenerator<Window> {
  let open: Open | undefined;
  for await (const batch of batches) {
    for (const id of batch) {
      if (open && (open.docs >= open.size || open.kin !== id.kin || id.reach === 'alone')) {
        yield close(open);
        open = undefined;
      }
      if (open) extend(open, id);
      else open = { kin: id.kin, reach: id.reach, size: Math.max(1, size()), docs: 1, ids: [id] };
    }
  }
  if (open) yield close(open);
}

/** The condition on `_id` that a document is in the window. */
export function within(window: Window): Filter<Document> {
  if (window.kind === 'range') return { _id: { $gte: window.from, $lte: window.to } } as Filter<Document>;
  const [only] = window.ids;
  return { _id: window.ids.length === 1 ? { $eq: only } : { $in: window.ids } } as Filter<Document>;
}

/** Everything up to and with this id is in the windows so far. */
export function upperBound(window: Window): unknown {
  return window.kind === 'range' ? window.to : window.ids.at(-1);
}

/** The next value is fetched while the consumer works on this one: windows are cut while the last one is written. */
export async function* readAhead<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = ask(source);
  try {
    for (;;) {
      const answer = await next;
      if (answer.done === true) return;
      next = ask(source);
      yield answer.value;
    }
  } finally {
    await next.catch(() => undefined);
    await source.return(undefined).catch(() => undefined);
  }
}

interface Open {
  readonly kin: string;
  readonly reach: LazyId['reach'];
  readonly size: number;
  docs: number;
  /** Of a range: the first and the last only. */
  readonly ids: LazyId[];
}

function extend(open: Open, id: LazyId): void {
  open.docs += 1;
  if (open.reach === 'range' && open.ids.length === 2) open.ids[1] = id;
  else open.ids.push(id);
}

function close({ reach, ids, docs }: Open): Window {
  if (reach === 'range') return { kind: 'range', from: ids[0]?.value(), to: ids.at(-1)?.value(), docs };
  return { kind: 'ids', ids: ids.map((id) => id.value()), docs };
}

/** Its failure is read when the value is asked for; until then nobody else shall call it unhandled. */
function ask<T>(source: AsyncGenerator<T>): Promise<IteratorResult<T>> {
  const answer = source.next();
  answer.catch(() => undefined);
  return answer;
}
