import type { Command } from 'commander';
import { valueOption } from '../options';
import { command, type CommonOptions, type Shell } from '../shell';
import { showRun } from '../show-run';

interface StatusOptions extends CommonOptions {
  readonly plan?: string;
  readonly watch?: boolean;
  readonly exitCode?: boolean;
}

export function statusCommand(shell: Shell): Command {
  return runCommand('status', 'show a run: phases, what is under way, who is awaited, what can be done')
    .option('--watch', 'go on showing it until it ends')
    .addHelpText(
      'after',
      '\nExamples:\n  $ cutover status\n  $ cutover status --plan phase-1-client-id --watch\n  $ cutover status --json | jq .state.phase',
    )
    .action((plan: string | undefined, options: StatusOptions) =>
      shell.run(options, (io) => showRun(io, { ...options, plan: plan ?? options.plan })),
    );
}

export function watchCommand(shell: Shell): Command {
  return runCommand('watch', 'the same as `status --watch`: progress, rate and time left, until the run ends')
    .addHelpText(
      'after',
      '\nExamples:\n  $ cutover watch phase-1-client-id\n  $ cutover watch --exit-code | tee run.log\n\nWithout a terminal it prints a line when something happens. When Temporal goes away it waits for it.',
    )
    .action((plan: string | undefined, options: StatusOptions) =>
      shell.run(options, (io) => showRun(io, { ...options, plan: plan ?? options.plan, watch: true })),
    );
}

function runCommand(name: string, description: string): Command {
  return command(name, description)
    .argument('[plan]', "a plan's name, a plan file or a workflow id (default: the only open run)")
    .addOption(valueOption('--plan <plan>', 'the same'))
    .option('--exit-code', 'exit with 5 when somebody is awaited, with 1 when the run did not end well');
}
