import type { z } from 'zod';
import { visible, type Problem } from '../plan/problem';
import { suggest } from '../plan/suggest';

export interface SchemaCheck {
  readonly error: z.ZodError;
  /** What was parsed. */
  readonly value: unknown;
  /** The keys of the schema, for whoever mistyped one. */
  readonly keys: readonly string[];
}

/** Every issue that zod found, each with its path, what stood there and what to write instead. */
export function schemaProblems({ error, value, keys }: SchemaCheck): readonly Problem[] {
  return error.issues.flatMap((issue) => problemsOf(issue, { value, keys }));
}

function problemsOf(issue: z.core.$ZodIssue, check: Omit<SchemaCheck, 'error'>): readonly Problem[] {
  const { value, keys } = check;
  const path = issue.path.map(String);
  const found = show(at(value, path));
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        const meant = suggest(key, keys);
        return {
          path: [...path, visible(key)].join('.'),
          found: 'an unknown key',
          expected: 'only keys that this version knows',
          fix:
            meant === undefined
              ? 'remove it or correct its spelling'
              : `did you mean ${meant}? correct it or remove it`,
        };
      });
    case 'invalid_type':
      return [
        {
          path: path.join('.'),
          found,
          expected: article(issue.expected),
          fix: found === 'nothing' ? 'add it' : 'correct it',
        },
      ];
    case 'invalid_union': {
      // The alternative that fits best is the one that was meant; when none is better than another, the union speaks.
      const [best, second] = [...issue.errors].sort((a, b) => a.length - b.length);
      if (best && best.length < (second?.length ?? Infinity)) {
        return best.flatMap((inner) => problemsOf({ ...inner, path: [...issue.path, ...inner.path] }, check));
      }
      return [{ path: path.join('.'), found, ...halves(issue.message) }];
    }
    case 'invalid_key':
      return [{ path: path.join('.'), found: 'this name', ...halves(issue.issues[0]?.message ?? issue.message) }];
    default:
      return [{ path: path.join('.'), found, ...halves(issue.message) }];
  }
}

/** Messages of our own schemas read `expected …; do …`. */
function halves(message: string): { expected: string; fix: string } {
  const match = /^expected (.*?); (.*)$/s.exec(message);
  return match?.[1] && match[2] ? { expected: match[1], fix: match[2] } : { expected: message, fix: 'correct it' };
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
        ? (inner as Record<string, unknown>)[key]
        : undefined,
    value,
  );
}

/**
 * A kind rather than a value where the value may be a secret: what stands in place of a reference is shown by its
 * length only.
 */
function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string')
    return SAFE.test(value) ? JSON.stringify(value) : `a text of ${value.length} characters`;
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a mapping' : `${typeof value} ${String(value as number | boolean)}`;
}

function article(type: string): string {
  const words: Readonly<Record<string, string>> = {
    object: 'a mapping',
    record: 'a mapping',
    array: 'a list',
    string: 'a text',
    boolean: 'true or false',
  };
  return words[type] ?? `a ${type}`;
}

/** Short and of letters: `5`, `30 days`, `App`. Longer or with signs, it might be a password. */
const SAFE = /^(?:env:|file:)?[A-Za-z0-9 _./]{0,24}$/;
