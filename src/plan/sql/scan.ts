/** One statement of a script. `code` has the same length as `text`, with comments and the insides of quotes blanked. */
export interface Statement {
  readonly text: string;
  readonly code: string;
  /** Line of its first word, counted from 1. */
  readonly line: number;
}

/**
 * Splits a script at its semicolons, and nowhere else: quotes, E'' escapes, dollar quotes and nested comments are what
 * PostgreSQL takes them for. An end missing anywhere is reported, because everything after it would be misread.
 */
export function scanSql(script: string): { readonly statements: readonly Statement[]; readonly unclosed?: string } {
  const code = [...Array(script.length)].map(() => ' ');
  const cuts: number[] = [];
  let unclosed: string | undefined;
  let at = 0;
  while (at < script.length) {
    const quote = quoteAt(script, at);
    if (quote) {
      const end = quote.end(script, at);
      if (end === undefined) unclosed ??= quote.name;
      const stop = end ?? script.length;
      if (quote.shown) keepQuoted({ script, code, from: at, to: stop });
      for (let i = at; i < stop; i++) if (script[i] === '\n') code[i] = '\n';
      at = stop;
      continue;
    }
    const c = script[at] ?? '';
    code[at] = c;
    if (c === ';') cuts.push(at);
    at++;
  }
  const statements = split(script, code.join(''), cuts);
  return unclosed === undefined ? { statements } : { statements, unclosed };
}

interface Quote {
  readonly name: string;
  /** Quoted identifiers stay readable in `code`; texts and comments do not. */
  readonly shown?: boolean;
  /** Offset after the closing mark; undefined when there is none. */
  readonly end: (script: string, from: number) => number | undefined;
}

function quoteAt(script: string, at: number): Quote | undefined {
  const two = script.slice(at, at + 2);
  if (two === '--') return { name: 'a comment', end: (s, from) => orEnd(s.indexOf('\n', from), s) };
  if (two === '/*') return { name: 'a comment /*', end: endOfComment };
  if (script[at] === '"')
    return { name: 'a name in double quotes', shown: true, end: (s, from) => endOfPlain(s, from, '"') };
  if (script[at] === "'")
    return {
      name: "a text in '",
      end: (s, from) =>
        /(^|[^\p{L}\p{N}_$])e$/iu.test(s.slice(Math.max(0, from - 2), from))
          ? endOfEscaped(s, from)
          : endOfPlain(s, from, "'"),
    };
  const tag = /^\$([\p{L}_][\p{L}\p{N}_]*)?\$/u.exec(script.slice(at, at + 70))?.[0];
  const inName = /[\p{L}\p{N}_$]/u.test(script[at - 1] ?? ' ');
  if (tag === undefined || inName) return undefined;
  return { name: `a text in ${tag}`, end: (s, from) => after(s.indexOf(tag, from + tag.length), tag.length) };
}

function after(found: number, length: number): number | undefined {
  return found < 0 ? undefined : found + length;
}

function orEnd(found: number, script: string): number {
  return found < 0 ? script.length : found;
}

function endOfPlain(script: string, from: number, mark: string): number | undefined {
  for (let i = from + 1; i < script.length; i++) {
    if (script[i] !== mark) continue;
    if (script[i + 1] !== mark) return i + 1;
    i++;
  }
  return undefined;
}

function endOfEscaped(script: string, from: number): number | undefined {
  for (let i = from + 1; i < script.length; i++) {
    if (script[i] === '\\') i++;
    else if (script[i] === "'" && script[i + 1] === "'") i++;
    else if (script[i] === "'") return i + 1;
  }
  return undefined;
}

function endOfComment(script: string, from: number): number | undefined {
  let depth = 0;
  for (let i = from; i < script.length - 1; i++) {
    const two = script.slice(i, i + 2);
    if (two === '/*') depth++;
    else if (two === '*/') depth--;
    else continue;
    i++;
    if (depth === 0) return i + 1;
  }
  return undefined;
}

/** Inside double quotes only what a name may have stays, so that "a;b" or "x drop table" cannot pass for code. */
function keepQuoted({ script, code, from, to }: { script: string; code: string[]; from: number; to: number }): void {
  const name = script.slice(from, to);
  if (/^"[\p{L}\p{N}_$]+"$/u.test(name)) for (let i = 0; i < name.length; i++) code[from + i] = name[i] ?? ' ';
  else code[from] = '"';
}

function split(script: string, code: string, cuts: readonly number[]): readonly Statement[] {
  const statements: Statement[] = [];
  let from = 0;
  for (const cut of [...cuts, script.length]) {
    if (cut < script.length && insideBody(code.slice(from, cut))) continue;
    const lead = code.slice(from, cut).search(/\S/);
    if (lead >= 0) {
      const start = from + lead;
      statements.push({
        text: script.slice(start, cut).trimEnd(),
        code: code.slice(start, cut).trimEnd(),
        line: script.slice(0, start).split('\n').length,
      });
    }
    from = cut + 1;
  }
  return statements;
}

/** Semicolons between BEGIN ATOMIC and its END belong to the body of a function. */
function insideBody(code: string): boolean {
  if (!/^\s*create\b[^;]*\bbegin\s+atomic\b/i.test(code)) return false;
  const opened = code.match(/\b(begin\s+atomic|case)\b/gi)?.length ?? 0;
  const closed = code.match(/\bend\b/gi)?.length ?? 0;
  return opened > closed;
}
