import type { Command } from 'commander';
import { requirementText } from '../../core/gate';
import { refusesWord } from '../../core/operate';
import { stepOf } from '../../core/plan';
import { skipQuorum } from '../../core/skip';
import { CliError } from '../cli-error';
import { EXIT } from '../exit-codes';
import type { LiveRun } from '../live-run';
import { operate } from '../operate';
import { isUnasked, valueOption, withUnasked } from '../options';
import { personOf, type Io, type Shell } from '../shell';
import { wordCommand, type WordOptions } from '../word-command';

const REASON = valueOption('--comment <text>', 'why; the next gate shows it').makeOptionMandatory();

/** Goes on without a step that failed. Never for what later steps stand on, and never by one person where a gate asks for more. */
export function skipCommand(shell: Shell): Command {
  return withUnasked(wordCommand('skip', 'go on without the step that the run is parked at', REASON))
    .argument('[step]', 'the step that is meant (default: the one that the run is parked at)')
    .addHelpText(
      'after',
      '\nExamples:\n  $ cutover skip --as lead-1 --comment "the index is rebuilt on Monday, ticket 7"\n  $ cutover skip validate/query-integrity --plan phase-1-client-id --as sre-1 --comment "known, ticket 8" --yes\n\nIt needs the quorum of the next gate: each of them says it once.',
    )
    .action((step: string | undefined, options: WordOptions) =>
      shell.run(options, (io) =>
        operate(io, { ...options, verb: 'skip', before: (run) => look(io, run, step, options) }),
      ),
    );
}

/** What is voted on is the step that was shown: it goes along by name. */
async function look(
  io: Io,
  { plan, state }: LiveRun,
  asked: string | undefined,
  options: WordOptions,
): Promise<{ readonly step: string }> {
  const as = personOf(io.host, options.as);
  const message = { verb: 'skip' as const, as, comment: options.comment ?? '', ...(asked ? { step: asked } : {}) };
  const refusal = refusesWord(plan, state, message, new Date().toISOString());
  const step = state.hold?.step;
  if (refusal !== undefined || step === undefined)
    throw new CliError(EXIT.refused, `${refusal ?? 'Nothing is parked.'} Nothing was sent.`);
  const { out } = io;
  out.line(`${out.paint('bold', step)}  ${stepOf(plan, step).title}`);
  out.line(`  parked since ${state.hold?.at}: ${state.hold?.reason}`);
  out.line(
    `  a skip wants ${requirementText(skipQuorum(plan, state)) || 'one person with a role'}; its undo still runs`,
  );
  if (!isUnasked(options))
    await io.confirm({ text: `Type the step's name to skip it (${step}):`, word: step, instead: '--yes' });
  return { step };
}
