import { condition } from '@temporalio/workflow';
import type { Run } from './run';

/** Stands still until somebody says how to go on. No deadline: a parked run waits for a person, not for a clock. */
export async function awaitOperator(run: Run): Promise<void> {
  await condition(() => run.state.hold === undefined || run.state.endedAt !== undefined);
}
