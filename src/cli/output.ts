import { visible } from '../plan/problem';
import { redact } from '../runtime/redact';
import { paint, styleOf, type Paint, type Style, type Terminal } from './style';

export type Stream = NodeJS.WritableStream & Terminal;

export interface OutputOptions {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: NodeJS.ProcessEnv;
  /** One JSON document on stdout and nothing else. */
  readonly json: boolean;
}

/**
 * Where a command speaks: its answer on stdout, remarks and errors on stderr. Control characters of plans and databases
 * never reach the terminal, where they could rewrite what an approver reads.
 */
export class Output {
  readonly json: boolean;
  readonly style: Style;
  /** Whoever read stdout is gone (`| head`): there is no use in going on, but no harm either. */
  closed = false;
  private failure: string | undefined;
  private readonly options: OutputOptions;

  constructor(options: OutputOptions) {
    this.options = options;
    this.json = options.json;
    this.style = styleOf(options.stdout, options.env);
    const onError = (error: NodeJS.ErrnoException): void => {
      this.closed = true;
      if (error.code !== 'EPIPE') this.failure = `stdout cannot be written (${error.code ?? error.message})`;
    };
    options.stdout.on('error', onError);
    options.stderr.on('error', () => undefined);
  }

  /** A line for people; with --json there is none. */
  line(text = ''): void {
    if (!this.json) this.write(`${this.fit(text)}\n`);
  }

  /** The answer as data; without --json there is none. */
  data(value: unknown): void {
    if (this.json) this.write(`${redact(JSON.stringify(value, undefined, 2))}\n`);
  }

  /** The answer itself, as it is, whether a person or a program reads it. */
  raw(text: string): void {
    this.write(redact(text.endsWith('\n') ? text : `${text}\n`));
  }

  /** A remark that is no part of the answer. */
  remark(text: string): void {
    if (!this.json) this.options.stderr.write(`${this.fit(text)}\n`);
  }

  paint(colour: Paint, text: string): string {
    return paint(this.style, colour, text);
  }

  /** Returns once all is written, with what went wrong if stdout is full or closed for another reason than EPIPE. */
  async finish(): Promise<string | undefined> {
    if (!this.closed) await new Promise<void>((resolve) => this.options.stdout.write('', () => setImmediate(resolve)));
    return this.failure;
  }

  private write(text: string): void {
    if (!this.closed) this.options.stdout.write(text);
  }

  private fit(text: string): string {
    const clean = redact(text).split('\n').map(withoutControls).join('\n');
    return this.style.ascii ? toAscii(clean) : clean;
  }
}

/** Our own colours pass, whatever else would steer a terminal is shown as an escape. */
function withoutControls(line: string): string {
  return line
    .split(/(\u001b\[\d{1,2}m)/)
    .map((part, i) => (i % 2 === 1 ? part : visible(part)))
    .join('');
}

function toAscii(text: string): string {
  return text.replace(/[^\u0000-\u007f]/g, (c) => ASCII[c] ?? '?');
}

const ASCII: Readonly<Record<string, string>> = {
  '×': 'x',
  '…': '...',
  '—': '-',
  '–': '-',
  '·': '-',
  '→': '->',
  '“': '"',
  '”': '"',
  '’': "'",
};
