import { createInterface } from 'node:readline';
import { CliError } from './cli-error';
import { EXIT } from './exit-codes';
import type { Stream } from './output';

export interface AskOptions {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined };
  readonly stderr: Stream;
  readonly question: string;
  /** What a script gives instead, for the message when nobody can be asked. */
  readonly instead: string;
}

/**
 * One question, one line. On stderr, so that stdout stays the command's answer.
 *
 * @throws CliError without a terminal, at its end of input, and with exit code 130 at Ctrl-C.
 */
export async function ask({ stdin, stderr, question, instead }: AskOptions): Promise<string> {
  if (stdin.isTTY !== true)
    throw new CliError(EXIT.usage, `Nobody can be asked: stdin is not a terminal. Give ${instead} instead.`);
  const lines = createInterface({ input: stdin, output: stderr, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      const leave = (error: CliError) => (): void => {
        stderr.write('\n'); // the cursor still stands behind the question
        reject(error);
      };
      lines.once('SIGINT', leave(new CliError(EXIT.interrupted, 'Interrupted; nothing was sent.')));
      lines.once('close', leave(new CliError(EXIT.refused, 'The input ended; nothing was sent.')));
      lines.question(question, (answer) => {
        lines.removeAllListeners('close');
        resolve(answer);
      });
    });
  } finally {
    lines.close();
  }
}
