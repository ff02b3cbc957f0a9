/** Says what is going on, on stderr, so that stdout stays for results. */
export interface Progress {
  /**
   * One line per step. On a terminal it ticks and ends with a mark and the time it took; without one it is a plain
   * line at the start, one about every 20 s, and one at the end. `note` sets what stands after the label.
   */
  readonly step: <T>(label: string, work: (note: (text: string) => void) => Promise<T>) => Promise<T>;
  /** A line of its own. */
  readonly line: (text: string) => void;
}

export interface ProgressOptions {
  readonly out?: ProgressStream;
  readonly env?: NodeJS.ProcessEnv;
  /** How often a plain line repeats, in ms. */
  readonly plainEvery?: number;
}

/** The slice of a stream that is used; `process.stderr` is one. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly write: (text: string) => unknown;
}

export function createProgress(options: ProgressOptions = {}): Progress {
  const out = options.out ?? process.stderr;
  const env = options.env ?? process.env;
  const live = out.isTTY === true && env.TERM !== 'dumb' && env.CI === undefined;
  const paint = palette(live && (env.NO_COLOR === undefined || env.NO_COLOR === ''));
  const line = (text: string): void => void out.write(`${text}\n`);
  if (!live) return { line, step: plainStep(line, options.plainEvery ?? 20_000) };
  return { line, step: liveStep(out, paint) };
}

/** Says nothing: for tests and for `--json`. */
export const silent: Progress = { line: () => undefined, step: (_label, work) => work(() => undefined) };

/** 950 -> "0.9 s", 61000 -> "1 min 01 s". */
export function elapsed(ms: number): string {
  if (ms < 59_950) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

type Paint = Readonly<Record<'green' | 'red' | 'dim', (text: string) => string>>;

function palette(colour: boolean): Paint {
  const code = (n: number) => (text: string) => (colour ? `\u001b[${n}m${text}\u001b[0m` : text);
  return { green: code(32), red: code(31), dim: code(2) };
}

function plainStep(line: (text: string) => void, every: number): Progress['step'] {
  return async (label, work) => {
    const started = Date.now();
    let note = '';
    const show = (state: string): void => line([label, state, note].filter((part) => part !== '').join(' · '));
    line(`${label} ...`);
    const timer = setInterval(() => show(elapsed(Date.now() - started)), every);
    try {
      const result = await work((text) => (note = text));
      show(`done in ${elapsed(Date.now() - started)}`);
      return result;
    } catch (error) {
      show(`failed after ${elapsed(Date.now() - started)}`);
      throw error;
    } finally {
      clearInterval(timer);
    }
  };
}

function liveStep(out: ProgressStream, paint: Paint): Progress['step'] {
  return async (label, work) => {
    const started = Date.now();
    let note = '';
    const show = (mark: string, end: string): void => {
      const time = elapsed(Date.now() - started);
      const room = (out.columns ?? 80) - label.length - time.length - 6;
      const rest = note.length > room ? note.slice(0, Math.max(0, room)) : note;
      out.write(`\r\u001b[2K${mark} ${label} ${paint.dim(`${time} ${rest}`)}${end}`);
    };
    show('·', '');
    const timer = setInterval(() => show('·', ''), 200);
    try {
      const result = await work((text) => (note = text));
      show(paint.green('✓'), '\n');
      return result;
    } catch (error) {
      show(paint.red('✗'), '\n');
      throw error;
    } finally {
      clearInterval(timer);
    }
  };
}
