import { createLogger } from '../runtime/logger';
import type { FenceTool } from '../runtime/fences';
import { CliError } from './cli-error';
import { EXIT } from './exit-codes';
import type { Io } from './shell';

/** The databases of the config; loaded here, so that the other commands start without the driver. */
export async function fencesOf(io: Io): Promise<FenceTool> {
  const config = await io.config();
  if (config.file === undefined)
    throw new CliError(
      EXIT.usage,
      "There is no cutover.config.yaml in this folder; go to the worker's, or name it with --config <file>.",
    );
  const log = createLogger({ level: 'warn', pretty: !io.out.json, to: io.host.stderr });
  const { fenceTool } = await import('../runtime/fences.js');
  return fenceTool({ config, log });
}

/** The target that is meant: the one given, or the only one there is. */
export function fencedTarget({ targets }: FenceTool, given: string | undefined): string {
  if (given !== undefined) return given;
  const [only, ...others] = targets;
  if (only !== undefined && others.length === 0) return only;
  throw new CliError(
    EXIT.usage,
    only === undefined
      ? 'The config has no MongoDB target; fences of this kind stand on MongoDB only.'
      : `The config has several MongoDB targets (${targets.join(', ')}); name one with --target <name>.`,
  );
}
