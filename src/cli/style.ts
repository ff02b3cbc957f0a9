/** How text may look on this terminal. */
export interface Style {
  readonly colour: boolean;
  /** Only ASCII signs: the locale says nothing of UTF-8. */
  readonly ascii: boolean;
  /** Columns; lines are never cut, only tables are laid out by it. */
  readonly columns: number;
}

export interface Terminal {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** NO_COLOR and TERM=dumb switch colours off, FORCE_COLOR on; without a terminal there are none. */
export function styleOf(terminal: Terminal, env: NodeJS.ProcessEnv): Style {
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '' && env.FORCE_COLOR !== '0';
  const off = (env.NO_COLOR !== undefined && env.NO_COLOR !== '') || env.TERM === 'dumb';
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  const columns = terminal.columns ?? Number(env.COLUMNS ?? '');
  return {
    colour: !off && (forced || terminal.isTTY === true),
    ascii: locale !== '' && !/utf-?8/i.test(locale),
    columns: Number.isInteger(columns) && columns >= 20 ? columns : 80,
  };
}

export type Paint = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

export function paint(style: Style, colour: Paint, text: string): string {
  return style.colour ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text;
}

const CODES: Readonly<Record<Paint, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };
