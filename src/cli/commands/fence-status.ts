import type { Command } from 'commander';
import { describeError } from '../../core/failure';
import type { FenceAt, FenceTool } from '../../runtime/fences';
import { redact } from '../../runtime/redact';
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

/** Each target is asked although another one does not answer: somebody in need may be told of the one that does. */
async function status(io: Io, { target }: FenceStatusOptions): Promise<number> {
  const tool = await fencesOf(io);
  const all = target === undefined && tool.targets.length > 0;
  const names = all ? tool.targets : [fencedTarget(tool, target)];
  const asked: Asked[] = [];
  for (const name of names) asked.push(await ask(tool, name));
  const fences = asked.filter((one) => 'lateMs' in one);
  const silent = asked.filter((one) => 'error' in one);
  if (fences.length === 0 && silent[0]) throw silent[0].error;
  for (const one of asked)
    for (const line of 'lateMs' in one ? fenceLines(one) : [`${one.target}: not asked. ${saidBy(one.error)}`])
      io.out.line(line);
  io.out.data({ ok: true, fences: [...fences.map(told), ...silent.map(unasked)] });
  return fences.some(({ found }) => found !== undefined && found.state !== 'open') ? EXIT.awaiting : EXIT.ok;
}

type Asked = FenceAt | { readonly target: string; readonly error: unknown };

async function ask(tool: FenceTool, target: string): Promise<Asked> {
  try {
    return await tool.read(target);
  } catch (error) {
    return { target, error };
  }
}

function saidBy(error: unknown): string {
  return redact(describeError(error));
}

function unasked({ target, error }: { readonly target: string; readonly error: unknown }) {
  return { target, state: 'not-asked', error: saidBy(error) };
}

function told({ target, found, lateMs }: FenceAt) {
  if (!found) return { target, state: 'none' };
  return {
    ...{ target, state: found.state },
    ...{ run: found.run, step: found.step, mechanism: found.spec.mechanism, until: found.until, lateMs },
    ...{ outcome: found.outcome, openedBy: found.openedBy, watchdog: found.watchdog, settled: found.settled },
  };
}
