import type { OperateMessage, OperateVerb } from '../core/operate-message';
import { sendOperate } from '../runtime/client';
import { liveRun, type LiveRun } from './live-run';
import { reportSent } from './sent';
import { personOf, type Io } from './shell';

export interface Operate {
  readonly verb: OperateVerb;
  readonly plan?: string;
  readonly as?: string;
  readonly comment?: string;
  /** Looks at the run first: shows, asks, throws. May name the plan by its digest, or the step that is meant. */
  readonly before?: (run: LiveRun) => Promise<Pick<OperateMessage, 'planDigest' | 'step' | 'until'>>;
}

/** Sends one of the words that turn a run. */
export async function operate(io: Io, { verb, plan, as, comment, before }: Operate): Promise<number> {
  const person = personOf(io.host, as);
  return io.withTemporal(async (temporal) => {
    const run = await liveRun(io, temporal, plan);
    const more = (await before?.(run)) ?? {};
    const message = { verb, as: person, ...(comment === undefined ? {} : { comment }), ...more };
    const sent = await sendOperate({ temporal, workflowId: run.workflowId, message });
    return reportSent(io, sent, { workflowId: run.workflowId, word: verb, as: person });
  });
}
