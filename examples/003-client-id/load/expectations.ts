import type { LogBook } from './read-log';
import type { Row } from '../../shared/append-log';
import type { PromiseLine } from './write-log';

export type Outcome = 'ok' | 'refused' | 'unknown';

/** A row that must be there (ok), must not (refused), or may be (unknown). */
export interface ExpectedRow {
  readonly key: string;
  readonly outcome: Outcome;
  readonly table: string;
  /** The column to find it by. */
  readonly by: 'request_id' | 'slug' | 'id';
  readonly value: string;
  /** Columns it must have; more do not matter. */
  readonly values: Row;
  /** Whose row it is; null = the default organisation's. */
  readonly org: string | null;
}

export interface ExpectedCounter {
  readonly product: number;
  readonly baseline: number;
  readonly acknowledged: number;
  /** At most so much more, from writes of unknown outcome. */
  readonly unknown: number;
  /** The acknowledged writes behind it. */
  readonly keys: readonly string[];
}

export interface Expectations {
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly rows: readonly ExpectedRow[];
  readonly counters: readonly ExpectedCounter[];
}

/** What the database must look like if every reply was true. */
export function expectations(book: LogBook): Expectations {
  const outcomes = new Map<string, Outcome>();
  for (const key of book.promises.keys()) outcomes.set(key, book.outcomes.get(key)?.type ?? 'unknown');
  const defaults = defaultOrganizations(book);
  const rows: ExpectedRow[] = [];
  for (const promise of book.promises.values()) {
    if (promise.op === 'insert')
      rows.push(...rowsOf({ promise, book, defaults, outcome: outcomes.get(promise.key) ?? 'unknown' }));
  }
  return { outcomes, rows, counters: countersOf(book, outcomes) };
}

/** What v2 said it worked for when the request named no organisation. */
function defaultOrganizations({ promises, outcomes }: LogBook): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const outcome of outcomes.values()) {
    if (outcome.type !== 'ok' || outcome.organizationId === null) continue;
    if (promises.get(outcome.key)?.org === null) ids.add(outcome.organizationId);
  }
  return ids;
}

function rowsOf(input: {
  readonly promise: PromiseLine & { readonly op: 'insert' };
  readonly book: LogBook;
  readonly outcome: Outcome;
  readonly defaults: ReadonlySet<string>;
}): ExpectedRow[] {
  const { promise, outcome } = input;
  const { key } = promise;
  const reply = input.book.outcomes.get(key);
  const ok = reply?.type === 'ok' ? reply : undefined;
  // v1 ignores whom a request is for: whatever it writes is the default organisation's.
  const org = ok?.version === 'v1' || promise.org === null || input.defaults.has(promise.org) ? null : promise.org;
  const rows = Object.entries(promise.rows).map(([table, values]): ExpectedRow => {
    const id = ok?.ids[table];
    const by = table === 'organizations' ? 'slug' : 'request_id';
    return { key, outcome, table, by, value: key, values: id === undefined ? values : { ...values, id }, org };
  });
  const membership = ok?.ids.user_organizations;
  if (ok === undefined || membership === undefined) return rows;
  const { users, organizations } = ok.ids;
  const values = {
    ...(users === undefined ? {} : { user_id: users }),
    organization_id: organizations ?? ok.organizationId,
  };
  return [
    ...rows,
    { key, outcome, table: 'user_organizations', by: 'id', value: String(membership), values, org: null },
  ];
}

function countersOf({ promises, baselines }: LogBook, outcomes: ReadonlyMap<string, Outcome>): ExpectedCounter[] {
  const counters = new Map<number, { acknowledged: number; unknown: number; keys: string[] }>();
  for (const product of baselines.keys()) counters.set(product, { acknowledged: 0, unknown: 0, keys: [] });
  for (const promise of promises.values()) {
    if (promise.op !== 'restock') continue;
    const counter = counters.get(promise.product);
    if (counter === undefined) {
      throw new Error(
        `The write log restocks product ${promise.product} without its baseline; its beginning is missing.`,
      );
    }
    const outcome = outcomes.get(promise.key);
    if (outcome === 'unknown') counter.unknown += promise.increment;
    if (outcome === 'ok') {
      counter.acknowledged += promise.increment;
      counter.keys.push(promise.key);
    }
  }
  return [...counters].map(([product, counter]) => ({ product, baseline: baselines.get(product) ?? 0, ...counter }));
}
