import { PassThrough, Writable } from 'node:stream';
import type { Host } from '../../../src/cli/host';
import { runCli } from '../../../src/cli/program';

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface FakeHost {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly user?: string;
  /** What somebody at a terminal types at the question; absent = there is no terminal. */
  readonly types?: string;
}

/** Runs the CLI in this process, without a terminal. */
export async function cli(
  argv: readonly string[],
  { env = {}, cwd = '/', user = 'lead-1', types }: FakeHost = {},
): Promise<Said> {
  const [stdout, stderr] = [sink(), sink()];
  const host: Host = {
    stdin: typed(types),
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: { TEMPORAL_ADDRESS: '127.0.0.1:1', ...env },
    cwd: () => cwd,
    user: () => user,
    onInterrupt: () => () => undefined,
  };
  const code = await runCli(argv, host);
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function typed(line: string | undefined): Host['stdin'] {
  const stdin = new PassThrough();
  if (line === undefined) return stdin;
  stdin.write(`${line}\r`);
  return Object.assign(stdin, { isTTY: true });
}

export function sink(): { readonly stream: Writable; text(): string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  return { stream, text: () => chunks.join('') };
}
