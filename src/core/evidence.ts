/** What a step observed against what it expected. Not being able to ask is an error, never a verdict. */
export type Verdict = 'pass' | 'fail' | 'inconclusive';

export interface Check {
  readonly name: string;
  readonly verdict: Verdict;
  readonly expected: string;
  readonly observed: string;
}

export interface Evidence {
  readonly verdict: Verdict;
  /** One sentence for status lines and the report; at most 300 characters, where checks failed 1,500: each is named. */
  readonly summary: string;
  readonly checks: readonly Check[];
  /** Numbers and names that the report prints (rows, milliseconds, digests); never secrets. */
  readonly figures?: Readonly<Record<string, number | string>>;
}

/** A check that compares by text: what is expected must be what is observed. */
export function expectEqual(name: string, expected: string | number, observed: string | number): Check {
  const verdict = String(expected) === String(observed) ? 'pass' : 'fail';
  return { name, verdict, expected: String(expected), observed: String(observed) };
}

/** One failure makes the whole fail; a question that had no answer makes it inconclusive; nothing asked is a fail. */
export function combine(checks: readonly Check[]): Verdict {
  if (checks.length === 0) return 'fail';
  if (checks.some((c) => c.verdict === 'fail')) return 'fail';
  return checks.some((c) => c.verdict === 'inconclusive') ? 'inconclusive' : 'pass';
}

export function evidenceOf(
  summary: string,
  checks: readonly Check[],
  figures?: Readonly<Record<string, number | string>>,
): Evidence {
  const failed = checks.filter((c) => c.verdict !== 'pass');
  const detail =
    failed.length > 0
      ? `; ${failed.map((c) => `${c.name}: expected ${c.expected}, observed ${c.observed}`).join('; ')}`
      : '';
  return {
    verdict: combine(checks),
    summary: clip(`${summary}${detail}`, failed.length > 0 ? 1_500 : 300),
    checks: checks.slice(0, MAX_CHECKS),
    ...(figures ? { figures } : {}),
  };
}

/** An act that read reality back and found it as it should be. */
export function done(summary: string, figures?: Readonly<Record<string, number | string>>): Evidence {
  return { verdict: 'pass', summary: clip(summary, 300), checks: [], ...(figures ? { figures } : {}) };
}

export function clip(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}

const MAX_CHECKS = 200;
