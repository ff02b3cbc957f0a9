import type { Command } from 'commander';
import { operate } from '../operate';
import { valueOption } from '../options';
import type { Shell } from '../shell';
import { wordCommand, type WordOptions } from '../word-command';

const PROOF = valueOption('--comment <text>', 'what proves it: a link, a ticket, a name').makeOptionMandatory();

/** A named person says that something was done by hand. */
export function tickCommand(shell: Shell): Command {
  return wordCommand('tick', 'say that a manual step is done, with what proves it', PROOF)
    .argument('<step>', 'the manual step; `cutover status` names them. May be ticked before the run comes to it')
    .addHelpText(
      'after',
      '\nExample:\n  $ cutover tick preflight/manual-window --as lead-1 --comment "announced to all on 3 May, mail 4711"',
    )
    .action((step: string, options: WordOptions) =>
      shell.run(options, (io) => operate(io, { ...options, verb: 'tick', before: () => Promise.resolve({ step }) })),
    );
}
