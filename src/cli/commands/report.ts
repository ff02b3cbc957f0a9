import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { markdownOf } from '../../report/markdown';
import { timelineOf, type Timeline } from '../../report/timeline';
import { pollersOf } from '../../runtime/pollers';
import { readLedger } from '../../runtime/read-ledger';
import { CliError } from '../cli-error';
import { EXIT } from '../exit-codes';
import { findRun } from '../find-run';
import { valueOption } from '../options';
import { command, type CommonOptions, type Io, type Shell } from '../shell';

interface ReportOptions extends CommonOptions {
  readonly format?: string;
  readonly run?: string;
  readonly home?: string;
  readonly out?: string;
}

export function reportCommand(shell: Shell): Command {
  return command(
    'report',
    'the run from its ledger: what happened, who decided what on which evidence, the freeze, the chain verified',
  )
    .argument('[plan]', "a plan's name, a plan file or a workflow id (default: the only run)")
    .addOption(valueOption('--format <format>', 'how it is written (default: md)').choices(['md', 'json']))
    .addOption(valueOption('--run <id>', 'a run by its id (default: the newest of the plan)'))
    .addOption(valueOption('--home <target>', 'the target whose ledger is read, when Temporal has forgotten the run'))
    .addOption(valueOption('--out <file>', 'write it there instead of stdout'))
    .addHelpText(
      'after',
      '\nExamples:\n  $ cutover report phase-1-client-id > report.md\n  $ cutover report phase-1-client-id --format json | jq .freezes',
    )
    .action((plan: string | undefined, options: ReportOptions) =>
      shell.run(options, (io) => report(io, plan, options)),
    );
}

async function report(io: Io, plan: string | undefined, options: ReportOptions): Promise<number> {
  const timeline = await io.withTemporal(
    async (temporal, { taskQueue, temporal: { namespace } }): Promise<Timeline> => {
      const known =
        options.home === undefined
          ? await findRun({ io, temporal, given: plan, closed: true })
          : { home: options.home, plan };
      const wanted = options.run ?? known.plan;
      if (wanted === undefined)
        throw new CliError(EXIT.usage, 'With --home also name the plan, or the run with --run <id>.');
      const { workers } = await pollersOf({ connection: temporal.connection, namespace, taskQueue, now: Date.now() });
      if (workers.length === 0)
        throw new CliError(
          EXIT.noWorker,
          `No worker polls queue ${taskQueue}; the ledger is read by the worker. Start one with \`cutover worker\`.`,
        );
      const { run, rows } = await readLedger({ temporal, taskQueue, home: known.home, run: wanted });
      if (rows.length === 0)
        throw new CliError(EXIT.usage, `The ledger of target ${known.home} has no run "${wanted}".`);
      return timelineOf(run, rows);
    },
  );
  const json = options.format === 'json' || io.out.json;
  const text = json ? `${JSON.stringify(timeline, undefined, 2)}\n` : markdownOf(timeline);
  if (options.out === undefined) io.out.raw(text);
  else await writeFile(resolve(io.host.cwd(), options.out), text);
  if (timeline.chain.intact) return EXIT.ok;
  io.out.remark(
    `${io.out.paint('red', 'broken:')} row ${timeline.chain.brokenAt} of the ledger does not follow from the one before; somebody has changed it.`,
  );
  return EXIT.refused;
}
