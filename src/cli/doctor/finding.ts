import { describeError } from '../../core/failure';
import { redact } from '../../runtime/redact';

/** One line of `cutover doctor`. `warn` stops nothing, or not here. */
export interface Finding {
  readonly name: string;
  readonly verdict: 'ok' | 'warn' | 'bad';
  readonly found: string;
}

export function ok(name: string, found: string): Finding {
  return { name, verdict: 'ok', found };
}

/** One line each, or that all is well. */
export function unless(
  name: string,
  problems: readonly string[],
  found: string,
  verdict: 'warn' | 'bad' = 'bad',
): readonly Finding[] {
  return problems.length === 0 ? [ok(name, found)] : problems.map((problem) => ({ name, verdict, found: problem }));
}

/** Whatever was thrown is what was found. */
export async function asked(
  name: string,
  ask: () => Promise<string>,
  verdict: 'warn' | 'bad' = 'bad',
): Promise<Finding> {
  try {
    return ok(name, await ask());
  } catch (error) {
    return { name, verdict, found: redact(describeError(error)) };
  }
}
