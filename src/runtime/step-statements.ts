import { compareStatements } from '../../activities/postgres/statements/compare';
import { freezeStatements } from '../../activities/postgres/statements/freeze';
import { indexStatements } from '../../activities/postgres/statements/index-concurrently';
import { keyStatements } from '../../activities/postgres/statements/key';
import { memberStatements } from '../../activities/postgres/statements/members';
import { queryStatements } from '../../activities/postgres/statements/query';
import { recountStatements } from '../../activities/postgres/statements/recount';
import { referenceStatements } from '../../activities/postgres/statements/reference';
import { registryStatements } from '../../activities/postgres/statements/registry';
import { requiredStatements } from '../../activities/postgres/statements/required';
import { retireStatements } from '../../activities/postgres/statements/retire';
import { shapeStatements } from '../../activities/postgres/statements/shape';
import { stampStatements } from '../../activities/postgres/statements/stamp';
import type { Given, StepStatements } from '../../activities/postgres/statements/statement';
import { statementStatements } from '../../activities/postgres/statements/statements';
import { tableStatements } from '../../activities/postgres/statements/table';
import { assertNever } from '../core/assert-never';
import type { Step } from '../core/step';

/** Every statement of a step and of its way back, from the builders that the step itself uses. Connects to nothing. */
export function stepStatements(step: Step): StepStatements {
  const given: Given = {
    marker: `cutover <run> ${step.id}`,
    owner: '<owner of the table>',
    value: ({ step: from, name }) => `\${steps.${from}.${name}}`,
  };
  switch (step.kind) {
    case 'table':
      return tableStatements(step.args, given);
    case 'registry':
      return registryStatements(step.args, given, step.id);
    case 'key':
      return keyStatements(step.args, given);
    case 'reference':
      return referenceStatements(step.args, given);
    case 'index':
      return indexStatements(step.args, given);
    case 'statements':
      return statementStatements(step.args, given);
    case 'stamp':
      return stampStatements(step.args, given);
    case 'members':
      return memberStatements(step.args, given);
    case 'required':
      return requiredStatements(step.args, given);
    case 'query':
      return queryStatements(step.args);
    case 'compare':
      return compareStatements(step.args);
    case 'recount':
      return recountStatements(step.args);
    case 'shape':
      return shapeStatements(step.args);
    case 'freeze':
      return freezeStatements(step.args, given);
    case 'retire':
      return retireStatements(step.args);
    case 'preflight':
    case 'backup':
    case 'drill':
    case 'observe':
    case 'release':
    case 'manual':
      // They change nothing of the plan's: reads, a dump, a restore into scratch, probes, a person's word, the tool's own claim.
      return { forward: [], back: [] };
    default:
      return assertNever(step, 'A step');
  }
}
