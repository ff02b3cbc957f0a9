import type { Command, Option } from 'commander';
import type { OperateVerb } from '../core/operate-message';
import { personOption, type UnaskedOptions, valueOption } from './options';
import { command, type CommonOptions } from './shell';

export interface WordOptions extends CommonOptions, UnaskedOptions {
  readonly plan?: string;
  readonly as?: string;
  readonly comment?: string;
}

/** A command that sends one word to a run. */
export function wordCommand(
  verb: OperateVerb,
  description: string,
  comment: Option = valueOption('--comment <text>', 'why; goes into the ledger'),
): Command {
  return command(verb, description)
    .addOption(valueOption('--plan <plan>', "a plan's name, a plan file or a workflow id (default: the only open run)"))
    .addOption(personOption())
    .addOption(comment);
}
