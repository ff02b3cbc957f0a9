import type { Check, Verdict } from '../../../src/core/evidence';

/** What one question of the preflight found. */
export interface Findings {
  readonly checks: readonly Check[];
  /** What approvers should know and what stops nothing. */
  readonly warnings?: readonly string[];
  readonly figures?: Readonly<Record<string, number | string>>;
}

/** A check that passes when there is nothing to say against it. Each problem says what is wrong and how to mend it. */
export function check(name: string, expected: string, problems: readonly string[], observed = expected): Check {
  const verdict: Verdict = problems.length === 0 ? 'pass' : 'fail';
  return { name, verdict, expected, observed: problems.length === 0 ? observed : listed(problems) };
}

export function listed(entries: readonly string[], most = 5): string {
  return entries.slice(0, most).join('; ') + (entries.length > most ? `; and ${entries.length - most} more` : '');
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** A statement without its values: they may be somebody's data. */
export function redactQuery(query: string): string {
  const blank = query
    .replace(/\s+/g, ' ')
    .replace(/(\$\w*\$).*?(\1|$)/g, '?')
    .replace(/'(?:[^']|'')*('|$)/g, '?')
    .replace(/\b\d+(\.\d+)?\b/g, '?')
    .trim();
  return blank.length <= 120 ? blank : `${blank.slice(0, 119)}…`;
}
