import { allHandlersFinished, CancellationScope, condition, continueAsNew } from '@temporalio/workflow';
import { nextMove } from '../src/core/next-move';
import type { RunInput } from '../src/core/run-input';
import type { RunStatus } from '../src/core/state';
import { adopt } from './adopt';
import { awaitDecision, confirmGate, openGate } from './gate';
import { answerMessages } from './handlers';
import { awaitOperator, awaitTick } from './operator';
import { openRun, type Run } from './run';
import { recordEnd } from './record';
import { doStep, undoStep } from './steps';

export interface RunOutcome {
  readonly run: string;
  readonly status: RunStatus;
}

/**
 * The runbook: what comes next is decided by `nextMove`, carried out here, and what came of it goes into the state.
 * It never fails on a fault of the world: it parks and says what can be done.
 */
export async function cutover(input: RunInput): Promise<RunOutcome> {
  const run = openRun(input);
  answerMessages(run);
  return CancellationScope.nonCancellable(() => procedure(input, run));
}

async function procedure(input: RunInput, run: Run): Promise<RunOutcome> {
  run.notifier.startClocks(() => run.state);
  await run.readPeople();
  if (input.adopt && !input.resume) await adopt(run, input.adopt);
  for (;;) {
    const move = nextMove(run.plan, run.state);
    switch (move.kind) {
      case 'open-gate':
        await openGate(run, move.phase);
        break;
      case 'await-gate':
        await awaitDecision(run, move.phase);
        break;
      case 'confirm-gate':
        await confirmGate(run, move.phase);
        break;
      case 'do':
        await doStep(run, move.step);
        break;
      case 'await-tick':
        await awaitTick(run, move.step);
        break;
      case 'undo':
        await undoStep(run, move.step);
        break;
      case 'await-operator':
        await awaitOperator(run);
        break;
      case 'finish':
        run.dispatch({ type: 'finished', outcome: move.outcome, at: run.now() });
        break;
      case 'end':
        return end(run);
    }
    if (run.isLong()) await carryOver(input, run);
  }
}

async function end(run: Run): Promise<RunOutcome> {
  await recordEnd(run);
  await run.notifier.settle();
  await condition(allHandlersFinished);
  return { run: run.state.run.id, status: run.state.status };
}

/** A long history is handed over between two moves, with everything that the run knows. */
async function carryOver(input: RunInput, run: Run): Promise<never> {
  await run.notifier.settle();
  await condition(allHandlersFinished);
  return continueAsNew<typeof cutover>({ ...input, resume: run.state });
}
