import type { Writable } from 'node:stream';

/**
 * Gives a program all its input, and does not mind when it has read enough: pg_restore may end before the last bytes.
 * Its exit code tells whether that was right.
 */
export async function pour(source: AsyncIterable<Buffer>, stdin: Writable): Promise<void> {
  for await (const chunk of source) {
    if (stdin.writable && !stdin.write(chunk)) await roomOrEnd(stdin);
  }
  stdin.end();
}

function roomOrEnd(stdin: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stdin.off('drain', done).off('close', done);
      resolve();
    };
    stdin.once('drain', done).once('close', done);
    if (!stdin.writable) done();
  });
}
