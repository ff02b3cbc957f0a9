import type { Command } from 'commander';
import { EXIT } from '../exit-codes';
import { fencesOf } from '../fences';
import { valueOption } from '../options';
import { command, type CommonOptions, type Io, type Shell } from '../shell';

interface FenceWatchOptions extends CommonOptions {
  readonly target: string;
  readonly freeze: string;
}

/** Started by a freeze, as a process of its own that outlives the worker; a person has no use for it. */
export function fenceWatchCommand(shell: Shell): Command {
  return command('watch', 'the watchdog of one freeze: opens its fence after its time; started by the freeze itself')
    .addOption(valueOption('--target <name>', 'the MongoDB target').makeOptionMandatory())
    .addOption(valueOption('--freeze <id>', 'the freeze, by the id in its control document').makeOptionMandatory())
    .addHelpText(
      'after',
      '\nExample:\n  $ cutover fence watch --target app --freeze 6c1f0a52-8a83-4a3e-9a4e-0d3f6c1b2a44',
    )
    .action((options: FenceWatchOptions) => shell.run(options, (io) => watch(io, options)));
}

async function watch(io: Io, { target, freeze }: FenceWatchOptions): Promise<number> {
  const tool = await fencesOf(io);
  const stop = new AbortController();
  const forget = io.host.onInterrupt(() => stop.abort());
  try {
    const outcome = await tool.watch(target, freeze, stop.signal);
    io.out.data({ ok: true, target, freeze, outcome });
    io.out.line(`${target}: ${outcome}`);
    return EXIT.ok;
  } finally {
    forget();
  }
}
