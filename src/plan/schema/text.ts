import { z } from 'zod';
import { DURATION_EXPECTED, parseDuration } from '../durations';
import { NAME_EXPECTED, indexedColumn, nameProblem, parseColumnRef, anyTableProblem } from '../identifiers';
import { hasHidden, quoted } from '../problem';

/**
 * What every refusal says beside what was found: issues of these schemas carry `expected` and `fix` as params, so that
 * the sentence stands beside its rule.
 */
export interface Refusal {
  readonly expected: string;
  readonly fix: string;
  /** In place of the value itself, when that says more. */
  readonly found?: string;
}

type Judge = (text: string) => Refusal | undefined;

/** Text that passes `judge`; `called` is its type in docs/plan-file.md. */
export function textThat(called: string, judge: Judge): z.ZodString {
  return z
    .string()
    .meta({ title: called })
    .check((context) => {
      const refusal = HIDDEN_TEXT(context.value) ?? judge(context.value);
      if (refusal)
        context.issues.push({
          code: 'custom',
          input: context.value,
          message: refusal.expected,
          params: { ...refusal },
        });
    });
}

const HIDDEN_TEXT: Judge = (text) =>
  hasHidden(text)
    ? {
        expected: 'text in which an approver sees every character',
        fix: 'the same text without control and direction marks',
      }
    : undefined;

/** A name in the plan's own words: of the plan, a target, a role, a probe. */
export const word = textThat('word', (text) =>
  /^[a-z0-9][a-z0-9-]{0,62}$/.test(text)
    ? undefined
    : {
        expected: 'lower-case letters, digits and -, at most 63 of them',
        fix: 'a shorter, simpler word, such as phase-1',
      },
);

/** Part of every session's application_name, by which leftovers are found: PostgreSQL would cut a long one in silence. */
export const planName = textThat('word', (text) =>
  /^[a-z0-9][a-z0-9-]{0,31}$/.test(text)
    ? undefined
    : {
        expected: 'lower-case letters, digits and -, at most 32 of them: it is part of the name of every session',
        fix: 'a shorter, simpler word, such as phase-1-client-id',
      },
);

export const label = textThat('one line', (text) => {
  if (text.trim() !== '' && text === text.trim() && text.length <= 100 && !text.includes('\n')) return undefined;
  return { expected: 'one line of at most 100 characters', fix: 'a short name' };
});

export const reason = textThat('reason', (text) => {
  if (text.trim().length >= 10 && text.length <= 500) return undefined;
  return {
    expected: 'a reason of 10 to 500 characters, which approvers are shown',
    fix: 'why this is right in this plan',
  };
});

export const column = textThat('column', (text) => {
  const found = nameProblem(text);
  return found
    ? {
        found: `${found}: ${quoted(text)}`,
        expected: NAME_EXPECTED,
        fix: 'the name of a column',
      }
    : undefined;
});

export const table = textThat('table', (text) => {
  const found = anyTableProblem(text);
  const expected = `a table of the application, users or public.users: ${NAME_EXPECTED}`;
  return found ? { found: `${found}: ${quoted(text)}`, expected, fix: 'the name of a table' } : undefined;
});

export const columnRef = textThat('table.column', (text) =>
  parseColumnRef(text)
    ? undefined
    : { expected: 'a table and its column with a dot between them', fix: 'for example users.id' },
);

export const indexColumn = textThat('column, asc or desc', (text) =>
  indexedColumn(text)
    ? undefined
    : { expected: 'a column, with asc or desc after it where wanted', fix: 'for example created_at desc' },
);

/** A file beside the plan: relative, inside its folder. */
export const file = textThat('file', (text) => {
  const parts = text.split('/');
  const plain = text !== '' && !text.includes('\\') && parts.every((p) => p !== '' && p !== '.' && p !== '..');
  return plain && text.length <= 200
    ? undefined
    : {
        expected: "a path inside the plan's own folder, with / between its parts",
        fix: 'for example sql/functions.sql',
      };
});

export const sqlText = textThat('query', (text) => {
  if (text.trim() !== '' && text.length <= 8000) return undefined;
  return {
    expected: 'one SQL query of at most 8,000 characters',
    fix: 'the query, or a function that holds the long one',
  };
});

/** Milliseconds, from text such as 5m. */
export const duration = textThat('duration', (text) =>
  parseDuration(text) === undefined ? { expected: DURATION_EXPECTED, fix: durationMeant(text) } : undefined,
).transform((text) => parseDuration(text) ?? 0);

/** Both `one` and `[one, two]` would be a guess: lists are written as lists. */
export function someOf<T extends z.ZodType>(item: T): z.ZodArray<T> {
  return z.array(item).min(1);
}

/** `5 minutes` was probably 5m. */
function durationMeant(text: string): string {
  const words = /^(\d{1,6})\s*(ms|msecs?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?)$/i.exec(
    text,
  );
  const unit = words?.[2]?.toLowerCase() ?? '';
  const meant = `${words?.[1] ?? ''}${unit.startsWith('ms') || unit.startsWith('milli') ? 'ms' : unit.slice(0, 1)}`;
  return parseDuration(meant) === undefined
    ? 'the number with its unit and no blank, at most 366d'
    : `${meant} (did you mean that?)`;
}
