import type { Command } from 'commander';
import { startRun } from '../../runtime/client';
import { lastOutcome } from '../../runtime/last-outcome';
import { pollersOf } from '../../runtime/pollers';
import { workflowIdFor } from '../../runtime/workflow-id';
import { compiledPlan } from '../compiled-plan';
import { EXIT } from '../exit-codes';
import { personOption, valueOption } from '../options';
import { command, personOf, type CommonOptions, type Shell } from '../shell';

interface StartOptions extends CommonOptions {
  readonly as?: string;
  readonly rootCause?: string;
}

export function startCommand(shell: Shell): Command {
  return command('start', 'start a run of a plan; it stops at the first gate')
    .argument('<plan-file>', 'the plan')
    .addOption(personOption())
    .addOption(
      valueOption('--root-cause <text>', 'after a rollback: why it was, and what has changed; goes into the ledger'),
    )
    .addHelpText('after', '\nExamples:\n  $ cutover start plan.yaml --as lead-1\n  $ cutover status --watch')
    .action((file: string, options: StartOptions) =>
      shell.run(options, async (io) => {
        const { plan, digest } = await compiledPlan(file, io);
        const requestedBy = personOf(io.host, options.as);
        return io.withTemporal(async (temporal, { taskQueue, temporal: { namespace, address } }) => {
          const { rootCause } = options;
          const workflowId = workflowIdFor(plan.home, plan.name);
          if (rootCause === undefined && (await lastOutcome(temporal, workflowId)) === 'rolled-back') {
            const error = `The last run of plan ${plan.name} on ${plan.home} was rolled back, and the next one must say why it was and what has changed.`;
            const next = `cutover start ${file} --as ${requestedBy} --root-cause "<why it was, and what has changed>"`;
            io.out.data({ ok: false, exitCode: EXIT.refused, error, next, workflowId });
            io.out.remark(`${io.out.paint('red', 'refused:')} ${error}\nNext: ${next}`);
            return EXIT.refused;
          }
          const input = { plan, planDigest: digest, requestedBy, ...(rootCause === undefined ? {} : { rootCause }) };
          const started = await startRun({ temporal, taskQueue, input });
          if (!started.ok) {
            io.out.data({ ok: false, exitCode: EXIT.refused, error: started.reason, workflowId: started.workflowId });
            io.out.remark(`${io.out.paint('red', 'refused:')} ${started.reason}`);
            return EXIT.refused;
          }
          const { runId } = started;
          const { workers } = await pollersOf({
            connection: temporal.connection,
            namespace,
            taskQueue,
            now: Date.now(),
          });
          io.out.data({
            ok: true,
            workflowId,
            runId,
            plan: plan.name,
            home: plan.home,
            digest,
            requestedBy,
            namespace,
            taskQueue,
            workers: workers.map((w) => w.identity),
          });
          io.out.line(
            `${io.out.paint('green', 'started')}  ${plan.name} on ${plan.home} (${plan.environment}), requested by ${requestedBy}`,
          );
          io.out.line(`  workflow  ${workflowId}`);
          io.out.line(`  run       ${runId}`);
          io.out.line(`  plan      ${digest}`);
          io.out.line(
            `  in the UI /namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)} (server ${address})`,
          );
          if (workers.length === 0)
            io.out.line(
              io.out.paint(
                'yellow',
                `  No worker polls queue ${taskQueue} yet; the run begins when \`cutover worker\` does.`,
              ),
            );
          io.out.line(`Next: cutover status --plan ${plan.name} --watch`);
          return EXIT.ok;
        });
      }),
    );
}
