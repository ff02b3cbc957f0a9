import type { Command } from 'commander';
import { operate } from '../operate';
import type { Shell } from '../shell';
import { wordCommand, type WordOptions } from '../word-command';

export function pauseCommand(shell: Shell): Command {
  return wordCommand('pause', 'stop at the next safe point (never inside a freeze); in observe the clock stops')
    .addHelpText('after', '\nExample:\n  $ cutover pause --plan phase-1-client-id --as sre-1')
    .action((options: WordOptions) => shell.run(options, (io) => operate(io, { ...options, verb: 'pause' })));
}
