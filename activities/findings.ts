import { evidenceOf, type Check, type Evidence, type Verdict } from '../src/core/evidence';

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

/** Several questions may find the same: it is said once. */
export function once(checks: readonly Check[]): readonly Check[] {
  return checks.filter((c, i) => checks.findIndex((d) => d.name === c.name && d.observed === c.observed) === i);
}

/** What all questions found, as the evidence of one step. */
export function summed(target: string, found: readonly Findings[]): Evidence {
  const checks = once(found.flatMap((f) => f.checks));
  const warnings = found.flatMap((f) => f.warnings ?? []);
  const passed = checks.filter((c) => c.verdict === 'pass').length;
  const figures = Object.assign({}, ...found.map((f) => f.figures ?? {})) as Record<string, number | string>;
  const shown = Object.fromEntries(warnings.slice(0, MAX_WARNINGS).map((text, n) => [`warning ${n + 1}`, text]));
  return evidenceOf(`${target}: ${passed} of ${checks.length} checks pass, ${warnings.length} warnings`, checks, {
    ...figures,
    warnings: warnings.length,
    ...shown,
  });
}

const MAX_WARNINGS = 25;
