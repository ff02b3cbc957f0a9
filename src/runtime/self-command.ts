import { extname, join } from 'node:path';
import type { SelfCommand } from '../../activities/resources';

/**
 * This program again, whoever has loaded it: the CLI lies beside, with the same config and the same environment. From
 * sources it needs what this process was started with to read them.
 */
export function selfCommand(config: string, env: NodeJS.ProcessEnv): SelfCommand {
  const main = join(__dirname, '..', 'cli', `main${extname(__filename)}`);
  return {
    program: process.execPath,
    args: [...process.execArgv, main],
    options: ['--config', config],
    cwd: process.cwd(),
    env: () => env,
  };
}
