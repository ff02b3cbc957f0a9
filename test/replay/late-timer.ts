import { sleep } from '@temporalio/workflow';
import type { RunInput } from '../../src/core/run-input';
import { cutover as honest, type RunOutcome } from '../../workflows/cutover';

/** Broken on purpose: one timer more at the very end. */
export async function cutover(input: RunInput): Promise<RunOutcome> {
  const outcome = await honest(input);
  await sleep(1);
  return outcome;
}
