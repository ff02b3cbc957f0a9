import type { Command } from 'commander';
import { decide } from '../decide';
import { digestOption, personOption, type UnaskedOptions, valueOption, withUnasked } from '../options';
import { command, type CommonOptions, type Shell } from '../shell';

interface ApproveOptions extends CommonOptions, UnaskedOptions {
  readonly plan?: string;
  readonly as?: string;
  readonly evidence?: string;
  readonly comment?: string;
}

export function approveCommand(shell: Shell): Command {
  return withUnasked(
    command('approve', 'approve the gate before a phase, on the evidence that is shown'),
    'do not ask; needs --evidence',
  )
    .argument('[gate]', 'the phase behind the gate (default: the gate that is open)')
    .addOption(valueOption('--plan <plan>', "a plan's name, a plan file or a workflow id (default: the only open run)"))
    .addOption(personOption())
    .addOption(digestOption('--evidence <digest>', 'approve only this evidence'))
    .addOption(valueOption('--comment <text>', 'goes into the ledger'))
    .addHelpText(
      'after',
      '\nExamples:\n  $ cutover approve expand --as dba-1\n  $ cutover approve cutover --plan phase-1-client-id --as sre-1 --evidence sha256:… --yes',
    )
    .action((gate: string | undefined, options: ApproveOptions) =>
      shell.run(options, (io) => decide(io, { ...options, decision: 'approve', gate })),
    );
}
