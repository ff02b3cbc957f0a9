import { join } from 'node:path';
import { startLineProcess, type LineProcess } from './line-process';
import { projectRoot } from './project-root';

/** The command of the product's own CLI, compiled. */
export function cliScript(): string {
  return join(projectRoot(), 'lib', 'src', 'cli', 'main.js');
}

/** A worker in a process of its own, in the folder of its config; it polls when the promise settles. */
export async function startWorkerProcess(options: {
  readonly planFolder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly name?: string;
}): Promise<LineProcess> {
  const worker = startLineProcess({
    name: options.name ?? 'the worker',
    script: cliScript(),
    args: ['worker', '--json', '--register'],
    cwd: options.planFolder,
    env: options.env,
    logFile: options.logFile,
  });
  await worker.first('ready');
  return worker;
}
