import type { Quiet } from '../../../src/core/freeze-args';
import { runCommand } from '../../command/run-command';
import type { Resources } from '../../resources';
import type { FenceControl } from './control';

/** Stops the writers that the fence does not reach, in the plan's order; each is noted before it is asked to stop. */
export async function stopWriters(
  resources: Resources,
  control: FenceControl,
  freeze: string,
  quiet: readonly Quiet[],
  signal: AbortSignal,
): Promise<void> {
  const stopped: string[] = [];
  for (const writer of quiet) {
    stopped.push(writer.name);
    await control.note(freeze, { stopped: [...stopped] });
    await runCommand(resources, writer.stop, { signal });
  }
}

/** Starts again whom a freeze may have stopped, in reverse. One that does not start keeps no other from starting. */
export async function startWriters(
  resources: Resources,
  quiet: readonly Quiet[],
  stopped: readonly string[],
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  const errors: unknown[] = [];
  for (const writer of [...quiet].reverse().filter(({ name }) => stopped.includes(name))) {
    try {
      await runCommand(resources, writer.start, { signal });
    } catch (error) {
      errors.push(error);
    }
  }
  return errors;
}
