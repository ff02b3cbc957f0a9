import type { Command } from 'commander';
import { cutoverBegun, refusesRollback, undoList } from '../../core/rollback';
import { stepOf } from '../../core/plan';
import { CliError } from '../cli-error';
import { EXIT } from '../exit-codes';
import type { LiveRun } from '../live-run';
import { operate } from '../operate';
import { digestOption, isUnasked, withUnasked } from '../options';
import type { Io, Shell } from '../shell';
import { table } from '../table';
import { wordCommand, type WordOptions } from '../word-command';

interface RollbackOptions extends WordOptions {
  readonly planDigest?: string;
}

export function rollbackCommand(shell: Shell): Command {
  return withUnasked(
    wordCommand('rollback', 'undo the run, newest step first; possible until contract begins'),
    'do not ask; after the cutover it needs --plan-digest',
  )
    .addOption(digestOption('--plan-digest <digest>', 'the plan that is meant'))
    .addHelpText(
      'after',
      '\nExamples:\n  $ cutover rollback --as lead-1 --comment "error rate doubled"\n  $ cutover rollback --plan phase-1-client-id --as lead-1 --yes --plan-digest sha256:…',
    )
    .action((options: RollbackOptions) =>
      shell.run(options, (io) =>
        operate(io, { ...options, verb: 'rollback', before: (run) => look(io, run, options) }),
      ),
    );
}

/** Shows what would be undone and has the target's name typed: the name of what is about to change. */
async function look(
  io: Io,
  { plan, state }: LiveRun,
  options: RollbackOptions,
): Promise<{ readonly planDigest?: string }> {
  const refusal = refusesRollback(plan, state);
  if (refusal !== undefined) throw new CliError(EXIT.refused, `${refusal} Nothing was sent.`);
  if (options.planDigest !== undefined && options.planDigest !== state.run.planDigest) {
    throw new CliError(
      EXIT.refused,
      `The run executes plan ${state.run.planDigest}, not ${options.planDigest}; nothing was sent.`,
    );
  }
  const after = cutoverBegun(plan, state);
  const undone = undoList(plan, state).map((id) => stepOf(plan, id));
  io.out.line(
    `${undone.length === 1 ? '1 step is' : `${undone.length} steps are`} undone on ${plan.home}, in this order:`,
  );
  for (const line of table(undone.map((step) => [step.id, step.title]))) io.out.line(line);
  if (after)
    io.out.line(
      io.out.paint('yellow', 'The cutover has begun: what only the new shape can hold goes into the archive.'),
    );
  if (!isUnasked(options)) {
    await io.confirm({
      text: `Type the target's name to roll back (${plan.home}):`,
      word: plan.home,
      instead: `--yes --plan-digest ${state.run.planDigest}`,
    });
    return { planDigest: state.run.planDigest };
  }
  if (after && options.planDigest === undefined) {
    throw new CliError(
      EXIT.usage,
      `After the cutover --yes needs --plan-digest ${state.run.planDigest}; nothing was sent.`,
    );
  }
  return { planDigest: state.run.planDigest };
}
