import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { PAYLOAD_CONVERTER_PATH, WORKFLOWS_PATH } from '../../src/runtime/bundle-path';

/** Today's workflow sources (not what the last build left in lib), bundled as the build does it. */
export function workflowBundle(workflowsPath = require.resolve(WORKFLOWS_PATH)): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({
    workflowsPath,
    payloadConverterPath: PAYLOAD_CONVERTER_PATH,
    logger: new DefaultLogger('WARN'),
  });
}
