import type { ExpectedCounter, ExpectedRow } from './expectations';
import type { Seen } from './look-up';

export type RowVerdict = 'found' | 'absent' | { readonly wrong: string };

/** Is the row there once, with its values and, where a tenant key is expected, with the right one? */
export function judgeRow(input: {
  readonly row: ExpectedRow;
  readonly seen: Seen;
  /** The default organisation's id; null = no tenant key is expected. */
  readonly defaultOrg: string | null;
}): RowVerdict {
  const { row, seen, defaultOrg } = input;
  if (seen.copies === 0) return 'absent';
  if (seen.copies > 1) return { wrong: `${row.table} holds it ${seen.copies} times` };
  if (!seen.equal) return { wrong: `${row.table} ${seen.id ?? ''} has other values than were promised` };
  if (defaultOrg === null || REGISTRY.has(row.table)) return 'found';
  const expected = row.org ?? defaultOrg;
  if (seen.clientId === expected) return 'found';
  return { wrong: `${row.table} ${seen.id ?? ''} has client_id ${seen.clientId ?? 'null'} instead of ${expected}` };
}

/** Undefined when every acknowledged increment is counted, and no more than the unknown ones beside them. */
export function judgeCounter(
  expected: ExpectedCounter,
  found: number | undefined,
): { too: 'few' | 'many'; text: string } | undefined {
  const { product, baseline, acknowledged, unknown } = expected;
  const least = baseline + acknowledged;
  const text =
    `product ${product} has restock_count ${found ?? 'none'} instead of ${least}` +
    ` (${baseline} at first, ${acknowledged} acknowledged, at most ${unknown} unknown)`;
  if (found === undefined || found < least) return { too: 'few', text };
  return found > least + unknown ? { too: 'many', text } : undefined;
}

/** The two tables that have no tenant key of their own, and that a rollback archives whole. */
export const REGISTRY: ReadonlySet<string> = new Set(['organizations', 'user_organizations']);
