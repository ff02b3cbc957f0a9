import { diffStepOf } from '../../export/export-steps';
import type { Resources } from '../../resources';
import type { MongoContext, MongoStepHandler } from '../context';
import { DOCUMENTS } from '../export-rows';

/** The documents of an export again. What the application has added since is shown; what is gone or different fails. */
export function diffStep(resources: Resources): MongoStepHandler<'diff'> {
  return diffStepOf<MongoContext<'diff'>>(resources, DOCUMENTS);
}
