import { spawn } from 'node:child_process';
import type { AppRoot } from './app-root';

/** What appctl.py says on stdout. */
export type Said = Readonly<Record<string, unknown>> & { readonly state: string };

export interface AppControl {
  readonly url: string;
  /** Points `current` to a release; what runs goes on running. */
  use(release: string): Promise<Said>;
  /** Settles when /health answers with the build that `current` points to. What runs outlives this process. */
  start(): Promise<Said>;
  stop(): Promise<Said>;
  restart(): Promise<Said>;
  /** The ingestion worker. */
  worker(verb: 'start' | 'stop' | 'restart'): Promise<Said>;
}

/** Runs appctl.py of an application root with the virtual environment's `python`. Everything rejects with what it said. */
export function appControl(app: AppRoot, options: { readonly python: string; readonly port: number }): AppControl {
  const { python, port } = options;
  const say = (...words: string[]): Promise<Said> =>
    run(python, [app.appctl, '--root', app.root, '--port', String(port), ...words]);
  return {
    url: `http://127.0.0.1:${port}`,
    use: (release) => say('use', release),
    start: () => say('start'),
    stop: () => say('stop'),
    restart: () => say('restart'),
    worker: (verb) => say('worker', verb),
  };
}

function run(command: string, args: readonly string[]): Promise<Said> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, PYTHONDONTWRITEBYTECODE: '1' };
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    child.once('error', reject);
    child.once('close', (code) => {
      const said = parse(text);
      if (code === 0 && said !== undefined) resolve(said);
      else reject(new Error(`appctl ${args.slice(5).join(' ')} ended with ${code ?? 'a signal'}: ${text.trim()}`));
    });
  });
}

function parse(text: string): Said | undefined {
  try {
    return JSON.parse(text) as Said;
  } catch {
    return undefined;
  }
}
