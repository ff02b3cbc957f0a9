import type { z } from 'zod';
import { DURATION_EXPECTED } from './durations';
import { notYet } from './not-yet';
import { describeValue, quoted, type PathPart, type Problem } from './problem';
import { suggest } from './suggest';
import type { PlanData } from './yaml';

/** A value that the schema refuses, and where it stands. */
export interface Refused {
  readonly issue: z.core.$ZodIssue;
  readonly value: unknown;
  readonly path: readonly PathPart[];
  readonly plan: PlanData;
}

type Sentence = Omit<Problem, 'path' | 'line'>;

/** What was found, what was expected, what to write. */
export function sentence(refused: Refused): Sentence {
  const { issue, value } = refused;
  const found = describeValue(value);
  switch (issue.code) {
    case 'custom': {
      const { expected = issue.message, fix = 'another value', found: said } = issue.params ?? {};
      return { found: typeof said === 'string' ? said : found, expected: String(expected), fix: String(fix) };
    }
    case 'invalid_type':
      return wrongType(issue.expected, refused);
    case 'invalid_value':
      return wrongChoice(issue.values.map(String), refused);
    case 'too_small':
      return outOfBounds(value, `${issue.minimum} or more`);
    case 'too_big':
      return outOfBounds(value, `${issue.maximum} or fewer`);
    default:
      return { found, expected: issue.message, fix: 'see docs/plan-file.md' };
  }
}

function wrongChoice(choice: readonly string[], { value, path }: Refused): Sentence {
  const found = describeValue(value);
  const key = String(path.at(-1));
  if (key === 'version') {
    const fix = 'version: 1, or use the program that wrote this plan';
    return { found, expected: 'version: 1, the only one this program reads', fix };
  }
  const expected = choice.length === 1 ? (choice[0] ?? '') : `one of ${choice.join(', ')}`;
  const later = notYet(path, value);
  if (later !== undefined) return { found: `${found}, which this version does not know yet`, expected, fix: later };
  if (value === undefined) {
    return {
      found,
      expected: `${key}, ${expected}: it is required`,
      fix: `${key}: ${choice[0] ?? ''}, or another of them`,
    };
  }
  const meant = typeof value === 'string' ? suggest(value, choice) : undefined;
  return { found, expected, fix: meant ? `${meant} (did you mean that?)` : 'one of them' };
}

function outOfBounds(value: unknown, bound: string): Sentence {
  const what = Array.isArray(value) ? `a list of ${bound}` : bound;
  return { found: describeValue(value), expected: what, fix: what };
}

function wrongType(expected: string, refused: Refused): Sentence {
  const { value, path } = refused;
  const found = describeValue(value);
  if (expected === 'string' && isDuration(path)) return { found, expected: DURATION_EXPECTED, fix: spanOf(value) };
  const type = TYPES[expected] ?? { expected, fix: expected };
  const key = String(path.at(-1) ?? 'the plan');
  if (value === undefined) return { found, expected: `${key}, ${type.expected}: it is required`, fix: `${key}: ...` };
  if (expected === 'string' && typeof value !== 'object') return { found, expected: 'text', fix: inQuotes(refused) };
  if (expected === 'string' && value === null) return { found, expected: 'text', fix: inQuotes(refused) };
  const digits = typeof value === 'string' && /^\d+$/.test(value) && /^(int|number)$/.test(expected);
  return { found, expected: type.expected, fix: digits ? `${value} without quotes` : type.fix };
}

const TYPES: Readonly<Record<string, { readonly expected: string; readonly fix: string }>> = {
  string: { expected: 'text', fix: 'text' },
  number: { expected: 'a whole number', fix: 'digits without quotes' },
  int: { expected: 'a whole number', fix: 'digits without quotes' },
  boolean: { expected: 'true or false', fix: 'true or false without quotes' },
  object: { expected: 'a map of keys and values', fix: 'keys with values, or {} for none' },
  record: { expected: 'a map of keys and values', fix: 'keys with values, or {} for none' },
  array: { expected: 'a list', fix: 'a list: [ ... ], or lines that begin with -' },
};

/** What stands in the file, as text: YAML took it for something else. */
function inQuotes({ value, path, plan }: Refused): string {
  const source = plan.sourceOf(path)?.text ?? String(value);
  return source === '' ? 'the text; in quotes where it looks like something else' : `it in quotes: ${quoted(source)}`;
}

function spanOf(value: unknown): string {
  return typeof value === 'number' && value > 0
    ? `the number with its unit, such as ${value}s or ${value}m`
    : 'for example 5m';
}

const DURATIONS = [
  'budget',
  'stall',
  'patience',
  'for',
  'every',
  'timeout',
  'expires',
  'backupMaxAge',
  'maxTransactionAge',
  'expected',
];

function isDuration(path: readonly PathPart[]): boolean {
  return DURATIONS.includes(String(path.at(-1)));
}
