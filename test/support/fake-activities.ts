import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Activities } from '../../activities/activities';
import { verbActivities } from '../../activities/verb-activities';
import { done } from '../../src/core/evidence';
import { CutoverError, describeError, FAILURES } from '../../src/core/failure';
import { refusesKnobs } from '../../src/core/knobs';
import type { StepKind } from '../../src/core/step';
import type { VerbInput, VerbResult } from '../../src/core/verb';
import { WORKFLOW_PEOPLE, type FakeTarget } from './fake-target';

/**
 * The names and types of the worker's activities on targets that only remember: for tests of the workflow and of
 * nothing else. One worker serves many runs; each finds its target by its workflow id.
 */
export function fakeActivities(targetOf: (workflowId: string) => FakeTarget): Activities {
  const here = (): FakeTarget => targetOf(Context.current().info.workflowExecution?.workflowId ?? '');
  const verb = async <K extends StepKind>(input: VerbInput<K>): Promise<VerbResult> => {
    const context = Context.current();
    const timer = setInterval(() => context.heartbeat(), 200);
    context.heartbeat();
    try {
      return await here().attempt(input as VerbInput, context.cancellationSignal);
    } catch (error) {
      if (context.cancellationSignal.aborted) throw context.cancellationSignal.reason;
      throw failure(error);
    } finally {
      clearInterval(timer);
    }
  };
  return {
    ...verbActivities(verb),
    people: () => Promise.resolve(here().people),
    facts: () => here().facts(),
    record: ({ notes }) => Promise.resolve(here().take(notes)),
    releaseClaim: ({ run }) => Promise.resolve({ run, message: 'released' }),
    restore: () => Promise.reject(failure(new CutoverError('Refused', 'nothing to restore'))),
    readLedger: ({ run }) => Promise.resolve({ run, rows: [], more: false }),
    getKnobs: ({ run }) => Promise.resolve({ run, knobs: {} }),
    setKnobs: async (input) => {
      const { run, set: knobs, by } = input;
      const problem = refusesKnobs(WORKFLOW_PEOPLE, input);
      if (problem) throw failure(new CutoverError('NotAllowed', problem));
      return { run, knobs, by };
    },
    askTargets: () => Promise.resolve([]),
    previewLive: () => Promise.resolve({ evidence: done('nothing was asked'), expected: {} }),
    notify: async (input) => {
      const target = here();
      target.told.push(`${input.webhook}: ${input.event} ${input.subject}`);
      await target.webhook();
    },
  };
}

/** As activities/failure.ts: a type of the table and a sentence. */
function failure(error: unknown): ApplicationFailure {
  const type = error instanceof CutoverError ? error.type : 'Unexpected';
  return ApplicationFailure.create({ type, message: describeError(error), nonRetryable: !FAILURES[type].retry });
}
