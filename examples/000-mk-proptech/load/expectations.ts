import type { LogBook } from './read-log';
import type { Row } from '../../shared/append-log';
import type { PromiseLine } from './write-log';

export type Outcome = 'ok' | 'refused' | 'unknown';

/** What a document must be like if every reply was true. */
export interface ExpectedDocument {
  readonly collection: string;
  readonly by: 'client_ref' | 'id';
  readonly value: string;
  /** The application's id of it, where its insert was acknowledged. */
  readonly id: string | undefined;
  /** Each is enough. `null` = it must not be there. More than one only after an unknown write. */
  readonly states: readonly (Row | null)[];
  /** Tenants of which one must be its own: null = the default one. */
  readonly tenants: readonly (string | null)[];
  /** Keys of its acknowledged writes, oldest first. */
  readonly acknowledged: readonly string[];
  /** Keys of its refused writes: none may be its `revision`. */
  readonly refused: readonly string[];
  /** The key of its unknown write; only the last can be one. */
  readonly unknown: string | undefined;
  /** Whether a worker makes a message of it. */
  readonly ingested: boolean;
}

export interface Expectations {
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly documents: readonly ExpectedDocument[];
}

export function expectations(book: LogBook): Expectations {
  const outcomes = new Map<string, Outcome>();
  const chains = new Map<string, PromiseLine[]>();
  for (const promise of book.promises.values()) {
    outcomes.set(promise.key, book.outcomes.get(promise.key)?.type ?? 'unknown');
    const place = `${promise.collection} ${promise.by} ${promise.value}`;
    chains.set(place, [...(chains.get(place) ?? []), promise]);
  }
  return { outcomes, documents: [...chains.values()].map((chain) => expected(chain, book, outcomes)) };
}

function expected(
  chain: readonly PromiseLine[],
  book: LogBook,
  outcomes: ReadonlyMap<string, Outcome>,
): ExpectedDocument {
  const [first] = chain;
  if (first === undefined) throw new Error('A document without a write cannot be expected.');
  const created = first.op === 'insert' || first.op === 'ingest';
  let state: Row | null = created ? null : {};
  let states: readonly (Row | null)[] = [state];
  let unknown: string | undefined;
  const keys: { ok: string[]; refused: string[] } = { ok: [], refused: [] };
  for (const promise of chain) {
    const outcome = outcomes.get(promise.key) ?? 'unknown';
    const after = promise.op === 'delete' ? null : promise.values;
    if (outcome === 'ok') {
      state = after;
      states = [state];
      keys.ok.push(promise.key);
    } else if (outcome === 'refused') keys.refused.push(promise.key);
    else {
      states = [state, after];
      unknown = promise.key;
    }
  }
  const { collection, by, value } = first;
  const ingested = first.op === 'ingest';
  const reply = book.outcomes.get(first.key);
  return {
    collection,
    by,
    value,
    id: created && reply?.type === 'ok' ? reply.id : undefined,
    states,
    tenants: tenantsOf(first, book),
    acknowledged: keys.ok,
    refused: keys.refused,
    unknown,
    ingested,
  };
}

/** An acknowledged insert says whose it is; an unknown one may have reached either build. */
function tenantsOf(first: PromiseLine, book: LogBook): readonly (string | null)[] {
  if (first.op !== 'insert' && first.op !== 'ingest') return [null];
  const reply = book.outcomes.get(first.key);
  return reply?.type === 'ok' ? [reply.tenant] : [first.tenant, null];
}
