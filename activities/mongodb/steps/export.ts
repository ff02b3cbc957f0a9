import { exportStepOf } from '../../export/export-steps';
import type { Resources } from '../../resources';
import type { MongoContext, MongoStepHandler } from '../context';
import { DOCUMENTS } from '../export-rows';

/** Named fields of a collection as CSV and JSON, write-once: what people compare with after the cutover. */
export function exportStep(resources: Resources): MongoStepHandler<'export'> {
  return exportStepOf<MongoContext<'export'>>(resources, DOCUMENTS);
}
