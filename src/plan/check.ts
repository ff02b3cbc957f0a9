import { checkCreatedColumns } from './check-created-columns';
import { checkEngine } from './check-engine';
import { checkFiles } from './check-files';
import { checkGates } from './check-gates';
import { checkNames } from './check-names';
import { checkProbes } from './check-probes';
import { checkRules } from './check-rules';
import { checkSteps } from './check-steps';
import { checkTableNames } from './check-table-names';
import { checkTenancy } from './check-tenancy';
import type { CheckInput } from './finding';
import { pathText, type Problem } from './problem';

/** Everything that is wrong with a plan of the right shape, at once, in the order of the file. */
export function check(input: CheckInput): readonly Problem[] {
  const findings = [
    checkEngine,
    checkTableNames,
    checkNames,
    checkSteps,
    checkTenancy,
    checkCreatedColumns,
    checkRules,
    checkFiles,
    checkGates,
    checkProbes,
  ].flatMap((part) => part(input));
  return findings
    .map(({ at, detail, ...rest }) => {
      const line = input.source.lineOf(at);
      const path = detail === undefined ? pathText(at) : `${pathText(at)} (${detail})`;
      return { path, ...(line === undefined ? {} : { line }), ...rest };
    })
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}
