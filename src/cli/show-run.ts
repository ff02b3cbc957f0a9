import { possibleWords } from '../core/possible-words';
import { ENDED } from '../core/state';
import type { TemporalClient } from '../runtime/temporal';
import { EXIT } from './exit-codes';
import { anyRun, type AnyRun } from './live-run';
import { Pace } from './pace';
import { renderDark } from './render-dark';
import { isAwaiting, renderStatus, statusLine, type StatusInput } from './render-status';
import type { Io } from './shell';
import { watch } from './watch';

export interface ShowRun {
  /** A plan's name, a plan file, a workflow id, or undefined for the only open run. */
  readonly plan: string | undefined;
  readonly watch?: boolean;
  readonly exitCode?: boolean;
}

/** Shows a run once, or until it ends. */
export function showRun(io: Io, asked: ShowRun): Promise<number> {
  return io.withTemporal(async (temporal) => {
    const first = await anyRun(io, temporal, asked.plan);
    const last = asked.watch ? await watchRun(io, temporal, first) : first;
    if (!asked.watch) for (const line of linesOf(io, last)) io.out.line(line);
    io.out.data(jsonOf(last));
    return codeOf(last, asked.exitCode ?? false);
  });
}

function watchRun(io: Io, temporal: TemporalClient, first: AnyRun): Promise<AnyRun> {
  const pace = new Pace();
  const read = () => anyRun(io, temporal, first.workflowId);
  return watch({
    io,
    first,
    read: () => temporal.client.withDeadline(Date.now() + LOOK_MS, read),
    lines: (run) => linesOf(io, run, pace),
    line: (run) => lineOf(run, pace),
    ended,
  });
}

function linesOf(io: Io, { view }: AnyRun, pace?: Pace): readonly string[] {
  if (view.kind === 'dark') return renderDark(io.out, view.seen, view.why);
  return renderStatus(io.out, { ...inputOf(view), ...(pace ? { pace } : {}) });
}

function inputOf({ plan, state, seen }: Extract<AnyRun['view'], { readonly kind: 'live' }>): StatusInput {
  return { plan, state, activities: seen.activities, execution: seen.execution, now: Date.now() };
}

function lineOf({ view }: AnyRun, pace: Pace): { readonly head: string; readonly moving: string } {
  if (view.kind === 'live') return statusLine({ ...inputOf(view), pace });
  const known = `${view.seen.phase ?? 'unknown'}, ${view.seen.status ?? view.seen.execution}`;
  return { head: `no answer (${view.why}); last known: ${known}`, moving: '' };
}

function ended({ view }: AnyRun): boolean {
  return view.seen.execution !== 'RUNNING' || (view.kind === 'live' && ENDED.includes(view.state.status));
}

function jsonOf({ workflowId, view }: AnyRun): unknown {
  const { seen } = view;
  if (view.kind === 'dark') return { ok: true, workflowId, worker: false, why: view.why, seen };
  const { plan, state } = view;
  return {
    ok: true,
    workflowId,
    worker: true,
    unsigned: state.people.mode === 'claimed',
    can: possibleWords(plan, state),
    state,
    seen,
  };
}

function codeOf({ view }: AnyRun, asked: boolean): number {
  if (view.kind === 'dark') return EXIT.noWorker;
  if (!asked) return EXIT.ok;
  if (isAwaiting(view.state)) return EXIT.awaiting;
  return ENDED.includes(view.state.status) && view.state.status !== 'done' ? EXIT.refused : EXIT.ok;
}

/** A look that takes longer means that the server is away. */
const LOOK_MS = 8_000;
