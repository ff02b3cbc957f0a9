import { digestOf } from '../core/json';
import type { CompiledPlan } from '../core/plan';
import type { RunState } from '../core/state';
import { readRun, type RunView, type Seen } from '../runtime/read-run';
import type { TemporalClient } from '../runtime/temporal';
import { CliError } from './cli-error';
import { EXIT } from './exit-codes';
import { findRun } from './find-run';
import type { Io } from './shell';

export interface LiveRun {
  readonly workflowId: string;
  readonly plan: CompiledPlan;
  readonly state: RunState;
}

export interface AnyRun {
  readonly workflowId: string;
  readonly planName: string;
  readonly view: Extract<RunView, { readonly kind: 'live' | 'dark' }>;
}

/** The run that is meant, as far as it can be seen. */
export async function anyRun(io: Io, temporal: TemporalClient, given: string | undefined): Promise<AnyRun> {
  const { workflowId, plan: planName } = await findRun({ io, temporal, given, closed: true });
  const view = await readRun({ temporal, workflowId });
  switch (view.kind) {
    case 'none':
      throw new CliError(
        EXIT.usage,
        `There is no run ${workflowId} in namespace ${temporal.client.options.namespace}; start one with \`cutover start <plan file>\`.`,
      );
    case 'other':
      throw new CliError(EXIT.usage, `${workflowId} is a workflow of type ${view.type}, not a run of cutover.`);
    default:
      return { workflowId, planName, view };
  }
}

/** The run that is meant, which a worker must answer for: nobody decides on what nobody has shown. */
export async function liveRun(io: Io, temporal: TemporalClient, given: string | undefined): Promise<LiveRun> {
  const { workflowId, view } = await anyRun(io, temporal, given);
  if (view.kind === 'dark')
    throw new CliError(EXIT.noWorker, silenceText(view.seen, view.why), [
      'Start one with `cutover worker`, then try again; nothing was sent.',
    ]);
  const { plan, state } = view;
  if (digestOf(plan) !== state.run.planDigest) {
    throw new CliError(
      EXIT.refused,
      `The run says that it executes plan ${state.run.planDigest}, and shows one with digest ${digestOf(plan)}; do not decide, find out who starts such runs.`,
    );
  }
  return { workflowId, plan, state };
}

export function silenceText(seen: Seen, why: 'no-worker' | 'no-answer'): string {
  return why === 'no-worker'
    ? `No worker polls queue ${seen.taskQueue}.`
    : `The worker of queue ${seen.taskQueue} (${seen.workers.join(', ')}) does not answer: it has just ended, or it is stuck.`;
}
