import type { Command } from 'commander';
import { operate } from '../operate';
import type { Shell } from '../shell';
import { wordCommand, type WordOptions } from '../word-command';

export function retryCommand(shell: Shell): Command {
  return wordCommand('retry', 'try the parked step again, or ask the closed gate again')
    .addHelpText('after', '\nExample:\n  $ cutover retry --plan phase-1-client-id --as sre-1')
    .action((options: WordOptions) => shell.run(options, (io) => operate(io, { ...options, verb: 'retry' })));
}
