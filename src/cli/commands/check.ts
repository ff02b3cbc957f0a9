import type { Command } from 'commander';
import { shortDigest } from '../../core/json';
import { compiledPlan } from '../compiled-plan';
import { EXIT } from '../exit-codes';
import { command, type CommonOptions, type Shell } from '../shell';

/** Reads a plan as `start` would; connects to nothing. */
export function checkCommand(shell: Shell): Command {
  return command('check', 'check a plan file: all problems at once; connects to nothing')
    .argument('<plan-file>', 'the plan')
    .addHelpText('after', '\nExample:\n  $ cutover check plan.yaml')
    .action((file: string, options: CommonOptions) =>
      shell.run(options, async (io) => {
        const { plan, digest } = await compiledPlan(file, io);
        const phases = new Set(plan.steps.map((step) => step.phase)).size;
        io.out.data({
          ok: true,
          plan: plan.name,
          home: plan.home,
          environment: plan.environment,
          digest,
          steps: plan.steps.length,
        });
        io.out.line(
          `${io.out.paint('green', 'ok')}  ${plan.name} on ${plan.home} (${plan.environment}): ${plan.steps.length} steps in ${phases} phases`,
        );
        io.out.line(`    digest ${digest} (${shortDigest(digest)})`);
        for (const remark of plan.remarks) io.out.line(`    note: ${remark}`);
        return EXIT.ok;
      }),
    );
}
