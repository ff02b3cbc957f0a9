import type { Command } from 'commander';
import type { FenceAt } from '../../runtime/fences';
import { EXIT } from '../exit-codes';
import { fencedTarget, fencesOf } from '../fences';
import { isUnasked, personOption, type UnaskedOptions, valueOption, withUnasked } from '../options';
import { fenceLines } from '../render-fence';
import { command, personOf, type CommonOptions, type Io, type Shell } from '../shell';

interface FenceOpenOptions extends CommonOptions, UnaskedOptions {
  readonly target?: string;
  readonly as?: string;
}

/** By hand, when the machine of worker and watchdog is gone. */
export function fenceOpenCommand(shell: Shell): Command {
  return withUnasked(command('open', "let the application write again: opens a freeze's fence by hand"))
    .addOption(valueOption('--target <name>', 'the MongoDB target (default: the only one of the config)'))
    .addOption(personOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ cutover fence open --target app\n  $ cutover fence open --target app --yes --config /etc/cutover/cutover.config.yaml\n\nOpens to the shape that is true: to the old one while the switch is not committed (it cannot be afterwards), to the\nnew one when it is. It turns back no build, no configuration and starts no writer: it says which were begun.',
    )
    .action((options: FenceOpenOptions) => shell.run(options, (io) => open(io, options)));
}

async function open(io: Io, options: FenceOpenOptions): Promise<number> {
  const tool = await fencesOf(io);
  const target = fencedTarget(tool, options.target);
  const fence = await tool.read(target);
  const { found } = fence;
  for (const line of fenceLines(fence)) io.out.line(line);
  if (!found || found.state === 'open') {
    io.out.data({ ok: true, target, opened: false, state: found?.state ?? 'none' });
    io.out.line('There is nothing to open.');
    return EXIT.ok;
  }
  io.out.line(whatWillBeDone(fence));
  if (!isUnasked(options))
    await io.confirm({ text: `Type the target's name to open its fence (${target}):`, word: target, instead: '--yes' });
  const by = `${personOf(io.host, options.as)} with cutover fence open`;
  const outcome = await tool.open(target, found.freeze, by);
  io.out.data({ ok: outcome !== 'nothing', target, opened: outcome !== 'nothing', outcome });
  if (outcome === 'nothing') {
    io.out.remark('Somebody else moved it meanwhile; look again: cutover fence status');
    return EXIT.refused;
  }
  io.out.line(`${io.out.paint('green', 'ok')}  ${target} is open to the ${outcome} shape; the application may write.`);
  return EXIT.ok;
}

function whatWillBeDone({ found }: FenceAt): string {
  if (found?.state === 'switched')
    return 'The switch is committed, so this opens to the NEW shape and never to the old one; to go back: `cutover rollback`.';
  return 'This puts the validators back as they were and opens the fence to the OLD shape; the freeze that closed it can no longer commit its switch.';
}
