import { CutoverError } from '../../src/core/failure';

/** How a file writes keys and values. Pure: text to text; `where` is the file's path, for what is said when it cannot. */
export interface TextFormat {
  read(text: string, where: string): ReadonlyMap<string, string>;
  /** @throws Refused where a key stands more than once. */
  set(text: string, values: Readonly<Record<string, string>>, where: string): string;
  remove(text: string, keys: readonly string[], where: string): string;
  /** Of env files only. */
  assignments?(text: string, where: string): readonly Assignment[];
}

/** Offsets into the text. */
export interface Assignment {
  readonly key: string;
  readonly value: string;
  readonly line: number;
  /** The whole line or, for a quoted value, lines. */
  readonly from: number;
  readonly to: number;
  /** The value with its quotes. */
  readonly start: number;
  readonly end: number;
  readonly quote: '' | "'" | '"';
  /** A shell would put something else in place of a part of it. */
  readonly expands: boolean;
}

/** Names the line and never quotes it. */
export function misread(where: string, line: number, what: string): CutoverError {
  return new CutoverError('Refused', `${where}, line ${line}: ${what}.`);
}
