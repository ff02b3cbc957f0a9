import { exportStepOf } from '../../export/export-steps';
import type { Resources } from '../../resources';
import type { PgContext, PgStepHandler } from '../context';
import { ROWS } from '../export-rows';

/** Named columns of a table as CSV and JSON, write-once: what people compare with after the cutover. */
export function exportStep(resources: Resources): PgStepHandler<'export'> {
  return exportStepOf<PgContext<'export'>>(resources, ROWS);
}
