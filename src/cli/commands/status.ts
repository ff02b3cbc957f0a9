import type { Command } from 'commander';
import { ENDED } from '../../core/state';
import type { TemporalClient } from '../../runtime/temporal';
import { EXIT } from '../exit-codes';
import { anyRun, type AnyRun } from '../live-run';
import { valueOption } from '../options';
import { renderDark } from '../render-dark';
import { isAwaiting, renderStatus, statusLine } from '../render-status';
import { command, type CommonOptions, type Io, type Shell } from '../shell';
import { watch } from '../watch';

interface StatusOptions extends CommonOptions {
  readonly plan?: string;
  readonly watch?: boolean;
  readonly exitCode?: boolean;
}

export function statusCommand(shell: Shell): Command {
  return command('status', 'show a run: phases, what is under way, who is awaited, what can be done')
    .argument('[plan]', "a plan's name, a plan file or a workflow id (default: the only open run)")
    .addOption(valueOption('--plan <plan>', 'the same'))
    .option('--watch', 'go on showing it until it ends')
    .option('--exit-code', 'exit with 5 when somebody is awaited, with 1 when the run did not end well')
    .addHelpText(
      'after',
      '\nExamples:\n  $ cutover status\n  $ cutover status --plan phase-1-client-id --watch\n  $ cutover status --json | jq .state.phase',
    )
    .action((plan: string | undefined, options: StatusOptions) =>
      shell.run(options, (io) =>
        io.withTemporal((temporal) => show(io, temporal, { ...options, plan: plan ?? options.plan })),
      ),
    );
}

interface Asked {
  readonly plan: string | undefined;
  readonly watch?: boolean;
  readonly exitCode?: boolean;
}

async function show(io: Io, temporal: TemporalClient, asked: Asked): Promise<number> {
  const first = await anyRun(io, temporal, asked.plan);
  const last = asked.watch
    ? await watch({
        io,
        first,
        read: () => anyRun(io, temporal, first.workflowId),
        lines: (run) => linesOf(io, run),
        line: (run) => lineOf(run),
        ended,
      })
    : first;
  if (!asked.watch) for (const line of linesOf(io, last)) io.out.line(line);
  io.out.data(jsonOf(last));
  return codeOf(last, asked.exitCode ?? false);
}

function linesOf(io: Io, { view }: AnyRun): readonly string[] {
  if (view.kind === 'dark') return renderDark(io.out, view.seen, view.why);
  return renderStatus(io.out, { ...view, activities: view.seen.activities, now: Date.now() });
}

function lineOf({ view }: AnyRun): string {
  if (view.kind === 'dark')
    return `no answer (${view.why}); last known: ${view.seen.phase ?? 'unknown'}, ${view.seen.status ?? view.seen.execution}`;
  return statusLine({ ...view, activities: view.seen.activities, now: Date.now() });
}

function ended({ view }: AnyRun): boolean {
  return view.seen.execution !== 'RUNNING' || (view.kind === 'live' && ENDED.includes(view.state.status));
}

function jsonOf({ workflowId, view }: AnyRun): unknown {
  const { seen } = view;
  return view.kind === 'live'
    ? { ok: true, workflowId, worker: true, unsigned: view.state.people.mode === 'claimed', state: view.state, seen }
    : { ok: true, workflowId, worker: false, why: view.why, seen };
}

function codeOf({ view }: AnyRun, asked: boolean): number {
  if (view.kind === 'dark') return EXIT.noWorker;
  if (!asked) return EXIT.ok;
  if (isAwaiting(view.state)) return EXIT.awaiting;
  return ENDED.includes(view.state.status) && view.state.status !== 'done' ? EXIT.refused : EXIT.ok;
}
