import { runCommand } from './command';

/** An interpreter that is there and runs. */
export interface Python {
  /** As it is started: "python3". */
  readonly command: string;
  /** "3.11.7" */
  readonly version: string;
  /** The installation it belongs to: venvs made with it break when that goes away. */
  readonly prefix: string;
}

const ASK = 'import json, platform, sys; print(json.dumps([platform.python_version(), sys.base_prefix]))';

/** The first Python 3 on PATH that runs, or undefined. */
export async function findPython(env: NodeJS.ProcessEnv = process.env): Promise<Python | undefined> {
  for (const command of ['python3', 'python']) {
    const said = await runCommand({ command, args: ['-c', ASK], env }).catch(() => undefined);
    if (said?.code !== 0) continue;
    const [version, prefix] = JSON.parse(said.stdout) as [string, string];
    if (version.startsWith('3.')) return { command, version, prefix };
  }
  return undefined;
}

/** Whether this interpreter starts at all. */
export async function pythonRuns(command: string, env: NodeJS.ProcessEnv = process.env): Promise<boolean> {
  const said = await runCommand({ command, args: ['-c', ''], env }).catch(() => undefined);
  return said?.code === 0;
}
