import type { Seen } from '../runtime/read-run';
import { silenceText } from './live-run';
import type { Output } from './output';
import { table } from './table';

/** What can still be said when no worker answers: Temporal's own knowledge, and that it may be old. */
export function renderDark(out: Output, seen: Seen, why: 'no-worker' | 'no-answer'): readonly string[] {
  return [
    `${out.paint('bold', seen.workflowId)}  ${seen.execution.toLowerCase()}`,
    out.paint('yellow', silenceText(seen, why)),
    '',
    'What Temporal knows:',
    ...table([
      ['phase', seen.phase ?? 'unknown'],
      ['status', seen.status ?? 'unknown'],
      ['home', seen.home ?? 'unknown'],
      ['started', seen.startedAt],
      ...(seen.closedAt === undefined ? [] : [['closed', seen.closedAt]]),
    ]),
    '',
    advice(seen, why),
  ];
}

function advice(seen: Seen, why: 'no-worker' | 'no-answer'): string {
  if (seen.closedAt !== undefined)
    return 'The run has ended; a worker shows the rest of it: start one with `cutover worker`.';
  if (why === 'no-worker') return 'Start one with `cutover worker`; the run goes on by itself.';
  return 'Look at its log; end it if it is stuck, and start another one with `cutover worker`: the run goes on by itself.';
}
