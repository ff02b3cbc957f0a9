import { setTimeout as pause } from 'node:timers/promises';
import { describeError } from '../core/failure';
import { isAway } from '../runtime/temporal';
import type { Io } from './shell';

export interface Watch<T> {
  readonly io: Io;
  readonly first: T;
  readonly read: () => Promise<T>;
  /** The whole picture, for a terminal. */
  readonly lines: (value: T) => readonly string[];
  /** For a file or a pipe: a new `head` is printed at once, what merely moves every ten seconds. */
  readonly line: (value: T) => { readonly head: string; readonly moving: string };
  readonly ended: (value: T) => boolean;
  /** Between two looks; milliseconds. */
  readonly everyMs?: number;
}

/**
 * Shows a value again and again until it has ended, the reader has gone or Ctrl-C; gives the last one. A Temporal
 * server that goes away is waited for: whoever watches at three o'clock must not have to start the watching again.
 */
export async function watch<T>({ io, first, read, lines, line, ended, everyMs = EVERY_MS }: Watch<T>): Promise<T> {
  const stop = new AbortController();
  const forget = io.host.onInterrupt(() => stop.abort());
  const terminal = io.host.stdout.isTTY === true && io.host.env.TERM !== 'dumb' && !io.out.json;
  const screen = terminal ? new Screen(io, lines) : new Lines(io, line);
  let value = first;
  try {
    for (;;) {
      screen.show(value);
      if (ended(value) || io.out.closed || stop.signal.aborted) return value;
      await pause(everyMs, undefined, { signal: stop.signal }).catch(() => undefined);
      if (stop.signal.aborted) return value;
      try {
        value = await read();
        screen.back();
      } catch (error) {
        if (!isAway(error)) throw error;
        screen.away(describeError(error));
      }
    }
  } finally {
    forget();
  }
}

/** A terminal: the whole picture, drawn over the last one. */
class Screen<T> {
  private drawn = false;
  private lost: string | undefined;

  constructor(
    private readonly io: Io,
    private readonly lines: (value: T) => readonly string[],
  ) {}

  show(value: T): void {
    const lost = this.lost === undefined ? [] : [this.io.out.paint('yellow', this.lost)];
    redraw(this.io, [...this.lines(value), ...lost], !this.drawn);
    this.drawn = true;
  }

  away(why: string): void {
    this.lost ??= `Temporal does not answer since ${new Date().toISOString()} (${why}); above is what was last known. Trying again until it does.`;
  }

  back(): void {
    this.lost = undefined;
  }
}

/** A file or a pipe: a line when something happens. */
class Lines<T> {
  private head = '';
  private moving = '';
  private printedAt = 0;
  private lostAt: string | undefined;

  constructor(
    private readonly io: Io,
    private readonly line: Watch<T>['line'],
  ) {}

  show(value: T): void {
    if (this.lostAt !== undefined) return;
    const { head, moving } = this.line(value);
    const due = moving !== this.moving && Date.now() - this.printedAt >= MOVING_MS;
    if (head === this.head && !due) return;
    this.print(moving === '' ? head : `${head} (${moving})`);
    [this.head, this.moving, this.printedAt] = [head, moving, Date.now()];
  }

  away(why: string): void {
    if (this.lostAt !== undefined) return;
    this.lostAt = new Date().toISOString();
    this.print(`Temporal does not answer (${why}); trying again until it does. The run itself waits for it too.`);
  }

  back(): void {
    if (this.lostAt !== undefined) this.print(`Temporal answers again; it was away since ${this.lostAt}.`);
    this.lostAt = undefined;
  }

  private print(text: string): void {
    this.io.out.line(`${new Date().toISOString()} ${text}`);
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
const MOVING_MS = 10_000;
