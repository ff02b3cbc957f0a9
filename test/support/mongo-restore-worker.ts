import type { Digest } from '../../src/core/json';
import { RestorableRun } from './mongo-restore';

/** A worker that does nothing but one restore, to be killed in the middle of it. */
async function main(): Promise<void> {
  const { TEST_TOOL: toolUrl = '', TEST_APP: appUrl = '', TEST_STORE: storeDir = '', TEST_RUN: id = '' } = process.env;
  const lost = (process.env['TEST_LOST'] ?? '') as Digest;
  const run = new RestorableRun({ toolUrl, appUrl, storeDir, id });
  const approved = { lost, by: ['lead-1', 'sre-1'], comment: 'killed' };
  await run.restore(approved, { onProgress: (doing) => console.log(doing) });
}

void main();
