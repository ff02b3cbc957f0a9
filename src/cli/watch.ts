import { setTimeout as pause } from 'node:timers/promises';
import type { Io } from './shell';

export interface Watch<T> {
  readonly io: Io;
  readonly first: T;
  readonly read: () => Promise<T>;
  /** The whole picture, for a terminal. */
  readonly lines: (value: T) => readonly string[];
  /** One line, for a file or a pipe: printed when it changes. */
  readonly line: (value: T) => string;
  readonly ended: (value: T) => boolean;
}

/** Shows a value again and again until it has ended, the reader has gone or Ctrl-C; gives the last one. */
export async function watch<T>({ io, first, read, lines, line, ended }: Watch<T>): Promise<T> {
  const stop = new AbortController();
  const forget = io.host.onInterrupt(() => stop.abort());
  const terminal = io.host.stdout.isTTY === true && io.host.env.TERM !== 'dumb' && !io.out.json;
  let value = first;
  let shown = '';
  try {
    for (;;) {
      const picture = terminal ? lines(value) : [line(value)];
      if (terminal) redraw(io, picture, shown === '');
      else if (picture.join('\n') !== shown) io.out.line(`${new Date().toISOString()} ${picture.join('\n')}`);
      shown = picture.join('\n');
      if (ended(value) || io.out.closed || stop.signal.aborted) return value;
      await pause(EVERY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
      if (stop.signal.aborted) return value;
      value = await read();
    }
  } finally {
    forget();
  }
}

/** Home, then line by line with the rest of each line cleared, then all below: without the flicker of a cleared screen. */
function redraw(io: Io, picture: readonly string[], clear: boolean): void {
  io.host.stdout.write(clear ? '\u001b[2J\u001b[H' : '\u001b[H');
  for (const text of picture) {
    io.host.stdout.write('\u001b[K');
    io.out.line(text);
  }
  io.host.stdout.write('\u001b[J');
}

const EVERY_MS = 1_000;
