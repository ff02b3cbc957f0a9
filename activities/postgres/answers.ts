import { clip, type Verdict } from '../../src/core/evidence';
import type { Expectation } from '../../src/core/step';
import type { PgSession } from './context';
import { readOnly } from './read-only';

export interface Answered {
  readonly verdict: Verdict;
  readonly expected: string;
  readonly observed: string;
}

/** Asks a query of the plan within a transaction that cannot write, and compares with what it must answer. */
export async function answers(
  session: PgSession,
  sql: string,
  expect: Expectation,
  timeoutMs = 60_000,
): Promise<Answered> {
  const rows = await readOnly(session, { timeoutMs }, () => session.query(sql));
  if ('rows' in expect)
    return judged(rows.length === expect.rows, `${expect.rows} rows`, `${rows.length} rows${sample(rows)}`);
  if ('atLeast' in expect)
    return judged(rows.length >= expect.atLeast, `at least ${expect.atLeast} rows`, `${rows.length} rows`);
  const value = rows.length === 1 ? firstValue(rows[0]) : undefined;
  return judged(value === expect.value, `one row with ${expect.value}`, value ?? `${rows.length} rows${sample(rows)}`);
}

function judged(fits: boolean, expected: string, observed: string): Answered {
  return { verdict: fits ? 'pass' : 'fail', expected, observed: clip(observed, 400) };
}

function firstValue(row: object | undefined): string | undefined {
  const value: unknown = row === undefined ? undefined : Object.values(row)[0];
  return value === undefined || value === null ? undefined : String(value);
}

/** The first rows, so that a person sees what is wrong and not only that something is. */
function sample(rows: readonly object[]): string {
  return rows.length === 0
    ? ''
    : `: ${rows
        .slice(0, 5)
        .map((r) => JSON.stringify(r))
        .join(', ')}`;
}
