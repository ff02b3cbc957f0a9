import { condition } from '@temporalio/workflow';
import { stepState } from '../src/core/state';
import type { Step } from '../src/core/step';
import type { Run } from './run';

/** Stands still until somebody says how to go on. No deadline: a parked run waits for a person, not for a clock. */
export async function awaitOperator(run: Run): Promise<void> {
  await condition(() => run.state.hold === undefined || run.state.endedAt !== undefined || run.isLong());
}

/** Waits for the person who does by hand what no step can do. Whatever turns the run ends the wait. */
export async function awaitTick(run: Run, step: Step): Promise<void> {
  run.dispatch({ type: 'tick-awaited', step: step.id, at: run.now() });
  await condition(
    () =>
      stepState(run.state, step.id).tick !== undefined ||
      run.state.hold !== undefined ||
      run.state.direction === 'back' ||
      run.state.endedAt !== undefined ||
      run.isLong(),
  );
}
