import type { Command } from 'commander';
import { createLogger } from '../../runtime/logger';
import { CliError } from '../cli-error';
import { EXIT } from '../exit-codes';
import { valueOption } from '../options';
import { command, type CommonOptions, type Io, type Shell } from '../shell';

interface WorkerCommandOptions extends CommonOptions {
  readonly register?: boolean;
  readonly people?: string;
  readonly logLevel?: string;
}

export function workerCommand(shell: Shell): Command {
  return command('worker', 'run a worker: the only part that reaches databases and holds secrets')
    .option('--register', 'create the search attributes that the namespace lacks')
    .addOption(valueOption('--people <file>', "people file (default: the config's)"))
    .addOption(valueOption('--log-level <level>', 'how much it logs on stderr').choices(LEVELS))
    .addHelpText(
      'after',
      '\nExamples:\n  $ cutover worker --register\n  $ cutover worker --config /etc/cutover/cutover.config.yaml --json\n\nCtrl-C lets what is under way reach a safe point; a second one ends at once.',
    )
    .action((options: WorkerCommandOptions) => shell.run(options, (io) => work(io, options)));
}

async function work(io: Io, options: WorkerCommandOptions): Promise<number> {
  const config = await io.config();
  if (config.file === undefined)
    throw new CliError(
      EXIT.usage,
      'There is no cutover.config.yaml in this folder; go where it is, or name it with --config <file>.',
    );
  const log = createLogger({ level: levelOf(options.logLevel), pretty: !io.out.json, to: io.host.stderr });
  const stop = new AbortController();
  const forget = io.host.onInterrupt(() => {
    io.out.remark('Stopping: what is under way goes on to a safe point. Ctrl-C again ends at once.');
    stop.abort();
  });
  try {
    // Loaded here: the other commands start without the native part of the SDK.
    const { runWorker } = await import('../../runtime/worker.js');
    await runWorker({
      config,
      log,
      signal: stop.signal,
      register: options.register ?? false,
      ...(options.people === undefined ? {} : { people: options.people }),
      onReady: (ready) => {
        if (io.out.json) io.out.raw(JSON.stringify({ ok: true, ready: true, pid: process.pid, ...ready }));
        else {
          const created =
            ready.registered.length > 0 ? `; created search attributes ${ready.registered.join(', ')}` : '';
          io.out.line(
            `${io.out.paint('green', 'polling')}  queue ${ready.taskQueue} of namespace ${ready.namespace} at ${ready.address} as ${ready.identity}; targets ${ready.targets.join(', ')}; ${ready.people} people${created}`,
          );
        }
      },
    });
    return EXIT.ok;
  } finally {
    forget();
  }
}

function levelOf(text: string | undefined): 'debug' | 'info' | 'warn' | 'error' {
  return LEVELS.find((level) => level === text) ?? 'info';
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
