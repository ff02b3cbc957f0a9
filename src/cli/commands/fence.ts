import { Command } from 'commander';
import type { Shell } from '../shell';
import { fenceOpenCommand } from './fence-open';
import { fenceStatusCommand } from './fence-status';
import { fenceWatchCommand } from './fence-watch';

/** What is left when Temporal or the worker's machine is gone: it asks the database itself. */
export function fenceCommand(shell: Shell): Command {
  const { host } = shell;
  const group = new Command('fence')
    .description('look at the fence of a freeze, and open it by hand when the worker is gone (MongoDB)')
    .addHelpText(
      'after',
      "\nExamples:\n  $ cutover fence status\n  $ cutover fence open --target app\n\nBoth need the worker's config and its secrets, and neither Temporal nor a worker.",
    );
  for (const sub of [fenceStatusCommand(shell), fenceOpenCommand(shell), fenceWatchCommand(shell)]) {
    sub.exitOverride();
    sub.configureOutput({
      writeOut: (text) => void host.stdout.write(text),
      writeErr: (text) => void host.stderr.write(text),
      getOutHelpWidth: () => host.stdout.columns ?? 100,
      getErrHelpWidth: () => host.stderr.columns ?? 100,
    });
    group.addCommand(sub, sub.name() === 'watch' ? { hidden: true } : {});
  }
  return group;
}
