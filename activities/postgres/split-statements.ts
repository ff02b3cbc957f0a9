import { CutoverError } from '../../src/core/failure';

/**
 * The statements of a script, cut at the semicolons that end them: not those in strings, comments, dollar quotes or
 * bodies of SQL functions (BEGIN ATOMIC … END). Comments are left out, strings emptied: good for looking at the first
 * words, not for running.
 */
export function splitStatements(sql: string): readonly string[] {
  const statements: string[] = [];
  let current = '';
  let depth = 0;
  for (const { text, kind } of tokens(sql)) {
    if (kind === 'word') depth = depthAfter(depth, text.toUpperCase(), current);
    if (text === ';' && depth === 0) {
      statements.push(current);
      current = '';
    } else if (kind === 'quoted') current += `''`;
    else if (kind === 'comment') current += ' ';
    else current += text;
  }
  statements.push(current);
  return statements.map((s) => s.trim().replace(/\s+/g, ' ')).filter((s) => s !== '');
}

/** A script that runs inside the tool's transaction must not end it, nor become another role. */
export function refuseTransactionControl(sql: string, file: string): void {
  const found = splitStatements(sql).find((s) => CONTROL.test(s));
  if (!found) return;
  throw new CutoverError(
    'Misconfigured',
    `${file} holds "${found.slice(0, 60)}": the tool runs the file in a transaction of its own, as the owner of the tables; take that statement out.`,
  );
}

const CONTROL =
  /^(BEGIN|COMMIT|END|ROLLBACK|ABORT|START TRANSACTION|SAVEPOINT|RELEASE|PREPARE TRANSACTION|SET (LOCAL |SESSION )?(ROLE|SESSION|AUTHORIZATION|TRANSACTION)|RESET (ROLE|ALL|SESSION)|DISCARD|COPY .* (FROM|TO) (STDIN|STDOUT|PROGRAM))\b/i;

export interface Token {
  readonly text: string;
  readonly kind: 'word' | 'quoted' | 'comment' | 'other';
}

/** The text cut up, nothing lost. One alternative per thing that may hold a semicolon; E'' strings know backslashes; block comments nest. */
export function* tokens(sql: string): Generator<Token> {
  let at = 0;
  while (at < sql.length) {
    const rest = sql.slice(at);
    const token = read(rest);
    yield token;
    at += token.text.length;
  }
}

function read(rest: string): Token {
  if (rest.startsWith('/*')) return { text: blockComment(rest), kind: 'comment' };
  for (const [kind, pattern] of PATTERNS) {
    const text = pattern.exec(rest)?.[0];
    if (text) return { text, kind };
  }
  return { text: rest.charAt(0), kind: 'other' };
}

const PATTERNS: readonly (readonly [Token['kind'], RegExp])[] = [
  ['comment', /^--[^\n]*/],
  ['quoted', /^[eE]'(?:[^'\\]|''|\\[\s\S])*'/],
  ['quoted', /^'(?:[^']|'')*'/],
  ['other', /^"(?:[^"]|"")*"/],
  ['quoted', /^\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[\s\S]*?\$\1\$/],
  ['word', /^[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/],
];

function blockComment(rest: string): string {
  let depth = 0;
  for (let i = 0; i < rest.length; i++) {
    if (rest.startsWith('/*', i)) (depth++, i++);
    else if (rest.startsWith('*/', i)) (depth--, i++);
    if (depth === 0) return rest.slice(0, i + 1);
  }
  return rest;
}

function depthAfter(depth: number, word: string, before: string): number {
  if (word === 'ATOMIC' && /\bBEGIN\s*$/i.test(before)) return depth + 1;
  if (depth === 0) return 0;
  if (word === 'CASE') return depth + 1;
  return word === 'END' ? depth - 1 : depth;
}
