import { diffStepOf } from '../../export/export-steps';
import type { Resources } from '../../resources';
import type { PgContext, PgStepHandler } from '../context';
import { ROWS } from '../export-rows';

/** The rows of an export again. What the application has added since is shown; what is gone or different fails. */
export function diffStep(resources: Resources): PgStepHandler<'diff'> {
  return diffStepOf<PgContext<'diff'>>(resources, ROWS);
}
