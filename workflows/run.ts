import {
  CancellationScope,
  proxyActivities,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/activities';
import { apply } from '../src/core/apply';
import { currentDetails } from '../src/core/describe-run';
import type { RunEvent } from '../src/core/events';
import type { CompiledPlan } from '../src/core/plan';
import type { RunInput, Tuning } from '../src/core/run-input';
import { PHASE_ATTRIBUTE, STATUS_ATTRIBUTE } from '../src/core/search-attributes';
import { initialState, type RunState } from '../src/core/state';
import { Notifier } from './notify';

/** One run as its workflow holds it: the state, the only way to change it, and the activity that may be interrupted. */
export class Run {
  private current: CancellationScope | undefined;
  private published = '';
  readonly notifier: Notifier;

  constructor(
    readonly plan: CompiledPlan,
    readonly tuning: Tuning,
    public state: RunState,
  ) {
    this.notifier = new Notifier(plan);
  }

  dispatch(event: RunEvent): void {
    this.state = apply(this.plan, this.state, event);
    this.notifier.told(this.state, event);
    // Nothing that is shown changes, and thousands may come within one task: its time is limited.
    if (event.type !== 'not-counted') this.publish();
  }

  /** The history is to be handed over to a new one before the next move; waits for people end for it. */
  isLong(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    return continueAsNewSuggested || historyLength > (this.tuning.continueAfterEvents ?? Number.POSITIVE_INFINITY);
  }

  /** The workflow's clock: the same on replay. */
  now(): string {
    return new Date().toISOString();
  }

  /** Whoever may decide is read from the worker's disk before anything else is done. */
  async readPeople(): Promise<void> {
    const { people } = proxyActivities<Activities>({
      startToCloseTimeout: '30s',
      retry: { maximumInterval: '10s' },
      summary: 'read the people file of the worker',
    });
    this.dispatch({ type: 'people-read', people: await people() });
  }

  /** Runs something that a rollback, an abort or a cancel may interrupt. Returns undefined when it was interrupted. */
  async interruptible<T>(work: () => Promise<T>): Promise<T> {
    const scope = new CancellationScope({ cancellable: true });
    this.current = scope;
    try {
      return await scope.run(work);
    } finally {
      this.current = undefined;
    }
  }

  /** Ends the verb under way, unless it is one that must not be interrupted (a freeze, an undo). */
  interrupt(): void {
    this.current?.cancel();
  }

  private publish(): void {
    setCurrentDetails(currentDetails(this.plan, this.state));
    const { phase, status } = this.state;
    if (this.published === `${phase}/${status}`) return;
    this.published = `${phase}/${status}`;
    upsertSearchAttributes([
      { key: PHASE_ATTRIBUTE, value: phase },
      { key: STATUS_ATTRIBUTE, value: status },
    ]);
  }
}

export function openRun(input: RunInput): Run {
  const { plan, planDigest, requestedBy, tuning = {} } = input;
  const info = workflowInfo();
  const ref = {
    id: `${plan.name}.${info.firstExecutionRunId.slice(-8)}`,
    plan: plan.name,
    planDigest,
    home: plan.home,
  };
  const nobody = { roles: {}, digest: '', mode: 'claimed' as const };
  const state =
    input.resume ??
    initialState(plan, {
      run: ref,
      requestedBy,
      at: info.startTime.toISOString(),
      people: nobody,
      ...(input.rootCause === undefined ? {} : { rootCause: input.rootCause }),
    });
  return new Run(plan, tuning, state);
}
