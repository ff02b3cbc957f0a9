import { setTimeout as wait } from 'node:timers/promises';
import { knobsText, owedMs, type Knobs } from '../../src/core/knobs';
import type { PgContext, PgSession } from './context';
import { qualified } from './identifiers';
import { keyColumns, keyCompare, keyText, type Keyset, type Position } from './keyset';
import { readKnobs } from './knobs';

/** A stretch of a table in key order: after `from` (absent: from the start), up to and with `to`. */
export interface Window {
  readonly from?: Position;
  readonly to: Position;
  readonly rows: number;
}

export interface Walk {
  readonly keyset: Keyset;
  /** Rows per transaction, unless an operator sets another number. */
  readonly size: number;
  /** What `status` says meanwhile. */
  readonly doing: string;
  readonly total?: number;
}

/**
 * Walks a whole table while the application writes: every window is a transaction of its own, short, with the token
 * checked first. Rows that come or go meanwhile are the caller's affair (a trigger looks after them, or the work is
 * repeated until nothing is left). `work` must be harmless when done twice. What an operator sets (`cutover set`) counts
 * from the next window on. Answers the number of rows walked.
 */
export async function walk(
  context: PgContext,
  options: Walk,
  work: (tx: PgSession, window: Window) => Promise<void>,
): Promise<number> {
  let from: Position | undefined;
  let rows = 0;
  for (;;) {
    context.signal.throwIfAborted();
    const began = performance.now();
    const { window, size, knobs } = await context.transaction(async (tx) => {
      await stableText(tx);
      const knobs = await readKnobs(tx, context.run.id);
      const size = knobs.window ?? options.size;
      const window = await nextWindow(tx, { ...options, size }, from);
      if (window) await work(tx, window);
      return { window, size, knobs };
    });
    if (!window) return rows;
    rows += window.rows;
    const set = knobsText(knobs);
    context.progress({
      doing: set === '' ? options.doing : `${options.doing} (set: ${set})`,
      done: rows,
      unit: 'rows',
      ...(options.total === undefined ? {} : { total: options.total }),
    });
    if (window.rows < size) return rows;
    from = window.to;
    await pause(knobs, window.rows, performance.now() - began, context.signal);
  }
}

async function pause(knobs: Knobs, rows: number, tookMs: number, signal: AbortSignal): Promise<void> {
  const ms = Math.max(knobs.pauseMs ?? 0, owedMs(rows, tookMs, knobs));
  if (ms > 0) await wait(ms, undefined, { signal });
}

/** The condition that a row of `alias` is in the window, and the values of its parameters from `$first` on. */
export function within(
  keyset: Keyset,
  window: Window,
  alias: string,
  first: number,
): { readonly sql: string; readonly values: readonly string[] } {
  if (!window.from) return { sql: keyCompare(keyset, alias, '<=', first), values: window.to };
  return {
    sql: `${keyCompare(keyset, alias, '>', first)} AND ${keyCompare(keyset, alias, '<=', first + window.from.length)}`,
    values: [...window.from, ...window.to],
  };
}

/** Values become the same text in every session, whatever the server's defaults: archives are compared by it. */
export async function stableText(tx: PgSession): Promise<void> {
  await tx.execute(
    `SELECT set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO, MDY', true),
            set_config('intervalstyle', 'postgres', true), set_config('bytea_output', 'hex', true),
            set_config('extra_float_digits', '1', true)`,
  );
}

async function nextWindow(
  tx: PgSession,
  { keyset, size }: Walk,
  from: Position | undefined,
): Promise<Window | undefined> {
  const key = keyColumns(keyset, 't');
  const rows = await tx.query<{ to: string[] | null; rows: string }>(
    `WITH w AS MATERIALIZED (
       SELECT ${key} FROM ${qualified(keyset.table)} t ${from ? `WHERE ${keyCompare(keyset, 't', '>', 1)}` : ''} ORDER BY ${key} LIMIT ${size})
     SELECT (SELECT ${keyText(keyset, 'w')} FROM w ORDER BY ${keyColumns(keyset, 'w', ' DESC')} LIMIT 1) AS to, (SELECT count(*) FROM w) AS rows`,
    from ?? [],
  );
  const found = rows[0];
  if (!found?.to) return undefined;
  return { to: found.to, rows: Number(found.rows), ...(from ? { from } : {}) };
}
