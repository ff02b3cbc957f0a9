import type { Command } from 'commander';
import { KNOB_NAMES, KNOBS, parseKnobs, type SetKnobsInput } from '../../core/knobs';
import { CliError } from '../cli-error';
import { EXIT } from '../exit-codes';
import { showKnobs, type WhichRun } from '../knobs';
import { personOption, valueOption } from '../options';
import { command, personOf, type CommonOptions, type Io, type Shell } from '../shell';

interface SetOptions extends CommonOptions, WhichRun {
  readonly as?: string;
}

/** How hard the windows of a run work from now on: it goes on meanwhile, and no gate is asked, since no data is another. */
export function setCommand(shell: Shell): Command {
  return command('set', 'tell the backfill of a run how hard to work, while it runs')
    .argument('<knob=value...>', 'what to set; the value auto leaves it to the tool again')
    .addOption(valueOption('--plan <plan>', "a plan's name, a plan file or a workflow id (default: the only run)"))
    .addOption(valueOption('--run <id>', 'the run, by its id'))
    .addOption(valueOption('--home <target>', 'the target, when Temporal has forgotten the run'))
    .addOption(personOption())
    .addHelpText('after', HELP)
    .action((words: readonly string[], options: SetOptions) => shell.run(options, (io) => set(io, words, options)));
}

async function set(io: Io, words: readonly string[], options: SetOptions): Promise<number> {
  const change = parseKnobs(words);
  if (typeof change === 'string') throw new CliError(EXIT.usage, `${change} Nothing was sent.`);
  const by = personOf(io.host, options.as);
  const input = (run: { readonly home: string; readonly run: string }): SetKnobsInput => ({ ...run, ...change, by });
  return showKnobs(io, options, { workflow: 'setKnobs', verb: 'set', input });
}

const HELP = `
Knobs:
${KNOB_NAMES.map((name) => `  ${name.padEnd(14)}${KNOBS[name].what}, ${KNOBS[name].least} to ${KNOBS[name].most.toLocaleString('en-US')}`).join('\n')}

Examples:
  $ cutover set maxPerSecond=2000 --as dba-1
  $ cutover set window=200 pauseMs=50 --plan 000-mk-proptech
  $ cutover set window=auto pauseMs=auto maxPerSecond=auto

What is set counts from one of the next windows on, also for the way back, and until the run ends; \`cutover watch\`
shows it beside the progress. Whoever sets it must be in the people file. A window has at most 2,000 documents on
MongoDB.`;
