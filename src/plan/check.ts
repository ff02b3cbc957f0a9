import type { Artifact } from './artifacts';
import { checkEngine } from './check-engine';
import { checkFiles } from './check-files';
import { checkGates } from './check-gates';
import { checkNames } from './check-names';
import { checkProbes } from './check-probes';
import { checkSteps } from './check-steps';
import { checkTenancy } from './check-tenancy';
import { pathText, type PathPart, type Problem } from './problem';
import type { PlanFile } from './schema/plan';
import type { PlanData } from './yaml';

export interface CheckInput {
  readonly plan: PlanFile;
  /** The files that could be read; problems of the others are reported where they are read. */
  readonly artifacts: readonly Artifact[];
  readonly source: Pick<PlanData, 'lineOf' | 'sourceOf'>;
}

/** What a check reports; `check` adds the line. */
export interface Finding extends Omit<Problem, 'path' | 'line'> {
  readonly at: readonly PathPart[];
  /** After the path: which file, which line of it. */
  readonly detail?: string;
}

/** Everything that is wrong with a plan of the right shape, at once, in the order of the file. */
export function check(input: CheckInput): readonly Problem[] {
  const findings = [checkEngine, checkNames, checkSteps, checkTenancy, checkFiles, checkGates, checkProbes].flatMap(
    (part) => part(input),
  );
  return findings
    .map(({ at, detail, ...rest }) => {
      const line = input.source.lineOf(at);
      const path = detail === undefined ? pathText(at) : `${pathText(at)} (${detail})`;
      return { path, ...(line === undefined ? {} : { line }), ...rest };
    })
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}
