import type { Command } from 'commander';
import { operate } from '../operate';
import type { Shell } from '../shell';
import { wordCommand, type WordOptions } from '../word-command';

export function resumeCommand(shell: Shell): Command {
  return wordCommand('resume', 'go on after a pause')
    .addHelpText('after', '\nExample:\n  $ cutover resume --plan phase-1-client-id --as sre-1')
    .action((options: WordOptions) => shell.run(options, (io) => operate(io, { ...options, verb: 'resume' })));
}
