import type { Command } from 'commander';
import { showKnobs, type WhichRun } from '../knobs';
import { valueOption } from '../options';
import { command, type CommonOptions, type Shell } from '../shell';

type GetOptions = CommonOptions & WhichRun;

/** What `cutover set` has set. */
export function getCommand(shell: Shell): Command {
  return command('get', 'how hard the backfill of a run has been told to work: its knobs, and who set them')
    .addOption(valueOption('--plan <plan>', "a plan's name, a plan file or a workflow id (default: the only run)"))
    .addOption(valueOption('--run <id>', 'the run, by its id'))
    .addOption(valueOption('--home <target>', 'the target, when Temporal has forgotten the run'))
    .addHelpText(
      'after',
      '\nExamples:\n  $ cutover get\n  $ cutover get --plan 000-mk-proptech --json | jq .knobs\n\nRefused when the run does not hold its target: before its preflight and after its end.',
    )
    .action((options: GetOptions) =>
      shell.run(options, (io) => showKnobs(io, options, { workflow: 'getKnobs', verb: 'read', input: (run) => run })),
    );
}
