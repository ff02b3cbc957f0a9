import type { Check } from '../src/core/evidence';

/** What a rule says beforehand about rows that have no tenant yet. */
export interface Prediction {
  /** Rows without a valid key, those that the rule cannot tell included. */
  readonly rows: number;
  readonly byTenant: ReadonlyMap<string, number>;
  readonly unmapped: Unmapped;
}

/** Rows whose tenant the rule cannot tell: named, and never defaulted in silence. */
export interface Unmapped {
  readonly count: number;
  /** Values of the rule's own column, as text; a few of them. */
  readonly samples: readonly string[];
}

/**
 * One rule for one table, the same on every engine. `S` is how that engine reads and writes, `W` a stretch of the table.
 * Rows that have a valid key are never touched: a second time, or too late, changes nothing.
 */
export interface RuleDriver<S, W> {
  /** Reads only. */
  predict(session: S): Promise<Prediction>;
  /** Stamps the rows of one window that have no valid key and whose tenant the rule tells; answers how many. */
  apply(session: S, window: W): Promise<number>;
  /** Recomputes from the rule what every row must have. Reads only. */
  prove(session: S): Promise<readonly Check[]>;
}

export const NOTHING_UNMAPPED: Unmapped = { count: 0, samples: [] };

/** `3 rows, of "x", "y", …` */
export function describeUnmapped({ count, samples }: Unmapped): string {
  const shown = samples.map((s) => JSON.stringify(s)).join(', ');
  return `${count} rows, of ${shown}${count > samples.length ? ', …' : ''}`;
}
