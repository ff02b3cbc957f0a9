import { done } from '../../src/core/evidence';
import { CutoverError } from '../../src/core/failure';
import type { CommandSpec } from '../../src/core/outside-args';
import { askCommand, lastLine, nameOf, runCommand, type CommandResult, type RunOptions } from '../command/run-command';
import { endLeftovers, MARK } from '../command/leftovers';
import type { StepHandler, VerbContext } from '../context';
import type { Resources } from '../resources';

/**
 * A program of the worker's allow-list. What it was for is asked of `verify`, before and after: after a crash the next
 * attempt finds out there whether anything is left to do. Without `verify` it runs once per attempt.
 */
export function commandStep(resources: Resources): StepHandler<'command'> {
  return {
    do: async (context) => {
      const { args } = context;
      const options = optionsOf(context);
      if (args.verify && (await holds(resources, args.verify, options))) {
        return done(`${nameOf(args.verify)} says it is done already; ${nameOf(args.run)} was not run`);
      }
      const mark = await cleared(context);
      const ran = await runCommand(resources, args.run, {
        ...options,
        extraEnv: mark,
        ...(args.contains ? { contains: args.contains } : {}),
      });
      if (args.contains !== undefined && args.contains !== '' && !ran.contained) {
        throw failed(
          `${nameOf(args.run)} ended with exit code 0 but did not say ${JSON.stringify(args.contains)}`,
          ran,
        );
      }
      if (!args.verify) return done(summary(args.run, ran), figures(ran));
      const proof = await askCommand(resources, args.verify, options);
      if (proof.code !== 0) {
        throw failed(
          `${nameOf(args.run)} ran but what it was for did not come true: ${nameOf(args.verify)} ended with exit code ${proof.code}`,
          proof,
        );
      }
      return done(`${summary(args.run, ran)}; ${nameOf(args.verify)} proves it`, figures(ran));
    },
    undo: async (context) => {
      const { args } = context;
      if (!args.undo) return done(`stays: the plan has no undo for ${nameOf(args.run)}`);
      const extraEnv = await cleared(context);
      const ran = await runCommand(resources, args.undo, { ...optionsOf(context), extraEnv });
      return done(summary(args.undo, ran), figures(ran));
    },
  };
}

function optionsOf(context: VerbContext): RunOptions {
  return { signal: context.signal, progress: (progress) => context.progress(progress) };
}

/** Two attempts never run beside each other: what an earlier one of this run and step left is ended, of do or undo. */
async function cleared({ run, step, log, progress }: VerbContext): Promise<Readonly<Record<string, string>>> {
  const mark = `${run.id}/${step.id}`;
  const ended = await endLeftovers(mark);
  if (ended > 0) {
    log.warn({ processes: ended }, 'ended what an earlier attempt had left running');
    progress({ doing: `ended ${ended} processes of an earlier attempt` });
  }
  return { [MARK]: mark };
}

async function holds(resources: Resources, verify: CommandSpec, options: RunOptions): Promise<boolean> {
  return (await askCommand(resources, verify, options)).code === 0;
}

function failed(what: string, result: CommandResult): CutoverError {
  const last = lastLine(result);
  return new CutoverError('CommandFailed', `${what}${last === '' ? ' and said nothing' : `; it said: ${last}`}`);
}

function summary(spec: CommandSpec, result: CommandResult): string {
  const last = result.stdoutTail.split('\n').at(-1) ?? '';
  return `${nameOf(spec)} ended with exit code 0 after ${result.durationMs} ms${last === '' ? '' : `: ${last}`}`;
}

function figures(result: CommandResult): Readonly<Record<string, number | string>> {
  return { ms: result.durationMs, ...(result.stdoutTail === '' ? {} : { output: result.stdoutTail }) };
}
