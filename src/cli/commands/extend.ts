import type { Command } from 'commander';
import { gateToExtend, refusesExtend } from '../../core/extend';
import { requirementText } from '../../core/gate';
import { DURATION_EXPECTED, parseDuration } from '../../plan/durations';
import { CliError } from '../cli-error';
import { EXIT } from '../exit-codes';
import type { LiveRun } from '../live-run';
import { operate } from '../operate';
import { valueOption } from '../options';
import { personOf, type Io, type Shell } from '../shell';
import { wordCommand, type WordOptions } from '../word-command';

interface ExtendOptions extends WordOptions {
  readonly until?: string;
  readonly by?: string;
}

const REASON = valueOption('--comment <text>', 'why; goes into the ledger').makeOptionMandatory();

/** More time for the gate that waits, by the people whom it asks. */
export function extendCommand(shell: Shell): Command {
  return wordCommand('extend', 'give the open gate more time', REASON)
    .addOption(valueOption('--by <duration>', 'so much later than its deadline, such as 2h').conflicts('until'))
    .addOption(valueOption('--until <time>', 'until then, such as 2026-11-21T22:00:00Z'))
    .addHelpText(
      'after',
      '\nExample:\n  $ cutover extend --by 2h --as lead-1 --comment "sre-1 is on the train"\n\nIt needs the quorum of that gate: each of them says it once, with the same time.',
    )
    .action((options: ExtendOptions) =>
      shell.run(options, (io) =>
        operate(io, { ...options, verb: 'extend', before: (run) => Promise.resolve(look(io, run, options)) }),
      ),
    );
}

function look(io: Io, { plan, state }: LiveRun, options: ExtendOptions): { readonly until: string } {
  const gate = gateToExtend(state);
  const ms = options.by === undefined ? undefined : parseDuration(options.by);
  if (options.by !== undefined && ms === undefined)
    throw new CliError(EXIT.usage, `--by: found ${JSON.stringify(options.by)}, expected ${DURATION_EXPECTED}.`);
  if (options.until !== undefined && Number.isNaN(Date.parse(options.until)))
    throw new CliError(
      EXIT.usage,
      `--until: found ${JSON.stringify(options.until)}, expected a time such as 2026-11-21T22:00:00Z.`,
    );
  const from = Date.parse(gate?.deadline ?? '');
  const until = options.until ?? (ms === undefined || Number.isNaN(from) ? '' : new Date(from + ms).toISOString());
  const as = personOf(io.host, options.as);
  const comment = options.comment ?? '';
  const refusal = refusesExtend(state, { verb: 'extend', as, comment, until }, new Date().toISOString());
  if (refusal !== undefined || !gate) throw new CliError(EXIT.refused, `${refusal ?? ''} Nothing was sent.`);
  io.out.line(`The gate before ${gate.phase} waits until ${gate.deadline ?? '?'}; asked for is ${until}.`);
  io.out.line(`  it wants ${requirementText(plan.gates[gate.phase]?.require ?? [])}`);
  return { until };
}
