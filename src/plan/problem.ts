/**
 * One thing that is wrong with a plan, for a person who will mend it. All four are full phrases: where, what stands
 * there, what should, and what to write.
 */
export interface Problem {
  /** `tenancy.tables.users.index[0]`, a file's name, or a place such as `line 3, column 5`. */
  readonly path: string;
  readonly found: string;
  readonly expected: string;
  readonly fix: string;
  /** In the plan file, counted from 1; absent where the problem is the file itself. */
  readonly line?: number;
}

/** A step of a path: a key of a map, or a place in a list counted from 0. */
export type PathPart = string | number;

export function pathText(parts: readonly PathPart[]): string {
  if (parts.length === 0) return 'the plan';
  return parts
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${shownKey(part)}`))
    .join('');
}

/** The problem as the CLI prints it: four lines, and no control character of the plan reaches the terminal. */
export function renderProblem(problem: Problem): string {
  const where =
    problem.line === undefined || problem.path.startsWith('line ')
      ? problem.path
      : `${problem.path} (line ${problem.line})`;
  return `${where}\n  found:    ${problem.found}\n  expected: ${problem.expected}\n  write:    ${problem.fix}`;
}

/** A value of the plan in words, short and without control or direction-changing characters. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value (null)';
  if (typeof value === 'string') return value === '' ? 'an empty text' : `the text ${quoted(value)}`;
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value === 'boolean') return `the boolean ${value}`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  const keys = Object.keys(value);
  return keys.length === 0 ? 'an empty map' : `a map of ${shorten(keys.map(visible).join(', '), 60)}`;
}

/** JSON text of a string, at most 80 characters of it, everything invisible escaped. */
export function quoted(text: string): string {
  return `"${shorten(visible(text).replaceAll('"', '\\"'), 80)}"`;
}

/** Control and direction-changing characters as escapes: what an approver reads is what is there. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (c) => ESCAPES[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Is there a character that a terminal or a reader would not show as itself? Line ends and tabs do not count. */
export function hasHidden(text: string): boolean {
  return text.replace(/[\n\r\t]/g, '').search(HIDDEN) >= 0;
}

// C0, DEL, C1, soft hyphen, zero-width and direction marks, line separators, invisible operators, BOM, interlinear anchors; lone surrogates.
const HIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function shownKey(key: string): string {
  return /^[\p{L}\p{N}_$-]+$/u.test(key) ? key : quoted(key);
}

function shorten(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}
