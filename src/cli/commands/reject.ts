import type { Command } from 'commander';
import { decide } from '../decide';
import { personOption, valueOption } from '../options';
import { command, type CommonOptions, type Shell } from '../shell';

interface RejectOptions extends CommonOptions {
  readonly plan?: string;
  readonly as?: string;
  readonly comment?: string;
}

export function rejectCommand(shell: Shell): Command {
  return command('reject', 'close the gate before a phase, also before it opens; the run then waits for an operator')
    .argument('[gate]', 'the phase behind the gate (default: the gate that is open)')
    .addOption(valueOption('--plan <plan>', "a plan's name, a plan file or a workflow id (default: the only open run)"))
    .addOption(personOption())
    .addOption(valueOption('--comment <text>', 'why; goes into the ledger'))
    .addHelpText('after', '\nExample:\n  $ cutover reject cutover --as lead-1 --comment "the load test is not done"')
    .action((gate: string | undefined, options: RejectOptions) =>
      shell.run(options, (io) => decide(io, { ...options, decision: 'reject', gate })),
    );
}
