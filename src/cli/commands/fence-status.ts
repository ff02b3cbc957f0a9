import type { Command } from 'commander';
import { EXIT } from '../exit-codes';
import { fencedTarget, fencesOf } from '../fences';
import { valueOption } from '../options';
import { fenceLines } from '../render-fence';
import { command, type CommonOptions, type Io, type Shell } from '../shell';

interface FenceStatusOptions extends CommonOptions {
  readonly target?: string;
}

export function fenceStatusCommand(shell: Shell): Command {
  return command('status', 'where the last freeze of a target stands, by its own control document')
    .addOption(valueOption('--target <name>', 'a MongoDB target of the config (default: all of them)'))
    .addHelpText(
      'after',
      '\nExamples:\n  $ cutover fence status\n  $ cutover fence status --target app --json\n\nExits with 5 while a fence is closed.',
    )
    .action((options: FenceStatusOptions) => shell.run(options, (io) => status(io, options)));
}

async function status(io: Io, { target }: FenceStatusOptions): Promise<number> {
  const tool = await fencesOf(io);
  const names = target === undefined && tool.targets.length > 0 ? tool.targets : [fencedTarget(tool, target)];
  const fences = [];
  for (const name of names) fences.push(await tool.read(name));
  for (const line of fences.flatMap(fenceLines)) io.out.line(line);
  io.out.data({
    ok: true,
    fences: fences.map(({ target: name, found, lateMs }) => ({
      target: name,
      state: found?.state ?? 'none',
      ...(found
        ? {
            ...{ run: found.run, step: found.step, mechanism: found.spec.mechanism, until: found.until, lateMs },
            ...{ outcome: found.outcome, openedBy: found.openedBy, watchdog: found.watchdog, settled: found.settled },
          }
        : {}),
    })),
  });
  return fences.some(({ found }) => found !== undefined && found.state !== 'open') ? EXIT.awaiting : EXIT.ok;
}
