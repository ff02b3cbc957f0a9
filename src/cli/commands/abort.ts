import type { Command } from 'commander';
import { operate } from '../operate';
import { isUnasked, withUnasked } from '../options';
import type { Io, Shell } from '../shell';
import { wordCommand, type WordOptions } from '../word-command';

/** Ends a run as it stands. Nothing is undone, which is why it asks. */
export function abortCommand(shell: Shell): Command {
  return withUnasked(wordCommand('abort', 'end the run as it stands: nothing is undone, the target stays claimed'))
    .addHelpText(
      'after',
      '\nExample:\n  $ cutover abort --plan phase-1-client-id --as lead-1 --comment "postponed to next week"',
    )
    .action((options: WordOptions) => shell.run(options, (io) => abort(io, options)));
}

async function abort(io: Io, options: WordOptions): Promise<number> {
  return operate(io, {
    ...options,
    verb: 'abort',
    before: async ({ plan, state }) => {
      if (isUnasked(options)) return {};
      const done = state.steps.filter((s) => s.status === 'done').length;
      io.out.line(
        `${done} of ${state.steps.length} steps are done and stay done; \`cutover rollback\` would undo them.`,
      );
      await io.confirm({ text: `Type the plan's name to abort (${plan.name}):`, word: plan.name, instead: '--yes' });
      return {};
    },
  });
}
