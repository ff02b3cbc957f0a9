import { clip, type Check } from '../src/core/evidence';
import type { Expectation } from '../src/core/tenancy-args';

/** What a question of the plan was answered with, whichever database answered. */
export interface Answer {
  readonly rows: number;
  /** At most five. */
  readonly first: readonly Record<string, unknown>[];
}

export function compare(name: string, expect: Expectation, answer: Answer): Check {
  const shown =
    answer.first.length > 0 ? `: ${clip(answer.first.map((row) => JSON.stringify(row)).join(', '), 500)}` : '';
  const observed = `${answer.rows} rows${shown}`;
  if ('value' in expect) {
    const value = firstValue(answer);
    const right = answer.rows === 1 && value === expect.value;
    return { name, verdict: right ? 'pass' : 'fail', expected: `one row: ${expect.value}`, observed };
  }
  const right = 'rows' in expect ? answer.rows === expect.rows : answer.rows >= expect.atLeast;
  return {
    name,
    verdict: right ? 'pass' : 'fail',
    expected: 'rows' in expect ? `${expect.rows} rows` : `at least ${expect.atLeast} rows`,
    observed,
  };
}

export function expectationText(expect: Expectation): string {
  if ('rows' in expect) return countOf(expect.rows);
  if ('value' in expect) return `one row whose first column is ${JSON.stringify(expect.value)}`;
  return `${countOf(expect.atLeast)} or more`;
}

function countOf(rows: number): string {
  return rows === 1 ? '1 row' : `${rows} rows`;
}

function firstValue({ first }: Answer): string | undefined {
  const value = Object.values(first[0] ?? {})[0];
  if (value === undefined) return undefined;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
