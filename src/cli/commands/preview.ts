import type { Command } from 'commander';
import { compiledPlan } from '../compiled-plan';
import { EXIT } from '../exit-codes';
import { previewData, renderPreview } from '../render-preview';
import { command, type CommonOptions, type Shell } from '../shell';

/** What a run of this plan would do, in its order; connects to nothing. */
export function previewCommand(shell: Shell): Command {
  return command(
    'preview',
    'show what a plan would do: every step and statement, its lock and its way back; connects to nothing',
  )
    .argument('<plan-file>', 'the plan')
    .addHelpText(
      'after',
      '\nExamples:\n  $ cutover preview plan.yaml\n  $ cutover preview plan.yaml --json | jq ".steps[].forward"',
    )
    .action((file: string, options: CommonOptions) =>
      shell.run(options, async (io) => {
        const { plan, digest } = await compiledPlan(file, io);
        for (const line of renderPreview(io.out, plan, digest)) io.out.line(line);
        io.out.data({ ok: true, ...previewData(plan, digest) });
        return EXIT.ok;
      }),
    );
}
