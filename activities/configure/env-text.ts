import type { Assignment, TextFormat } from './text-format';
import { misread } from './text-format';

/**
 * `KEY=value` lines as a shell, docker and dotenv libraries read them: comments, order, quotes, `export` and line ends
 * stay; only the values that are set change.
 */
export const envText: TextFormat = {
  assignments: assignmentsOf,
  read(text, where) {
    return new Map(assignmentsOf(text, where).map(({ key, value }) => [key, value]));
  },
  set(text, values, where) {
    const found = assignmentsOf(text, where);
    let out = text;
    const added: string[] = [];
    const spans: { readonly start: number; readonly end: number; readonly text: string }[] = [];
    for (const [key, value] of Object.entries(values)) {
      const one = only(found, key, where);
      if (one === undefined) added.push(`${key}=${written(value, '')}`);
      else if (one.value !== value) spans.push({ start: one.start, end: one.end, text: written(value, one.quote) });
    }
    for (const { start, end, text: value } of spans.sort((a, b) => b.start - a.start)) {
      out = out.slice(0, start) + value + out.slice(end);
    }
    return added.reduce(
      (all, line) => `${all}${all === '' || all.endsWith('\n') ? '' : newline(text)}${line}${newline(text)}`,
      out,
    );
  },
  remove(text, keys, where) {
    const found = assignmentsOf(text, where).filter((one) => keys.includes(one.key));
    return found.reduceRight((out, { from, to }) => out.slice(0, from) + out.slice(to), text);
  },
};

/** @throws Misconfigured with the number of the line, never its text. */
function assignmentsOf(text: string, where: string): readonly Assignment[] {
  const found: Assignment[] = [];
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const match = HEAD.exec(text.slice(at, lineEnd(text, at)));
    if (!match) {
      at = nextLine(text, at);
      line += 1;
      continue;
    }
    const value = valueAt(text, at + match[0].length);
    if (value === undefined)
      throw misread(where, line, 'a value that cannot be read; close its quotes and put all of it between them');
    const to = nextLine(text, value.end);
    found.push({ key: match[1] ?? '', from: at, to, line, ...value });
    line += text.slice(at, to).split('\n').length - 1;
    at = to;
  }
  return found;
}

type Value = Pick<Assignment, 'value' | 'start' | 'end' | 'quote' | 'expands'>;

function valueAt(text: string, after: number): Value | undefined {
  const line = text.slice(after, lineEnd(text, after));
  const space = /^[ \t]*/.exec(line)?.[0].length ?? 0;
  const start = after + space;
  const quote = text[start];
  if (quote === "'" || quote === '"') {
    const inner =
      quote === "'" ? sticky(/[^']*'/y, text, start + 1) : sticky(/(?:[^"\\]|\\[\s\S])*"/y, text, start + 1);
    if (inner === undefined) return undefined;
    const end = start + inner.length + 1;
    if (!/^[ \t]*(?:[ \t]#.*)?$/.test(text.slice(end, lineEnd(text, end)))) return undefined;
    const content = inner.slice(0, -1);
    return quote === "'"
      ? { value: content, start, end, quote, expands: false }
      : { value: content.replace(/\\(["\\$`])/g, '$1'), start, end, quote, expands: COMPUTED.test(content) };
  }
  // A comment needs a space before it; a `#` without one belongs to the value.
  const raw = line.replace(/[ \t]#.*$/, '').trim();
  if (raw === '') return { value: '', start: after, end: after, quote: '', expands: false };
  return { value: raw, start, end: start + raw.length, quote: '', expands: COMPUTED.test(raw) || /[\\"']/.test(raw) };
}

function sticky(pattern: RegExp, text: string, from: number): string | undefined {
  pattern.lastIndex = from;
  return pattern.exec(text)?.[0];
}

/** Which of several would count depends on the reader, so none is touched. */
function only(found: readonly Assignment[], key: string, where: string): Assignment | undefined {
  const same = found.filter((one) => one.key === key);
  if (same.length > 1) {
    throw misread(
      where,
      same[1]?.line ?? 0,
      `${key} a second time (first in line ${same[0]?.line}); leave one of them`,
    );
  }
  return same[0];
}

/** In the quotes that stood there, where the value can stand in them. */
function written(value: string, quote: string): string {
  if (quote === '' && PLAIN.test(value)) return value;
  if (quote !== '"' && !value.includes("'")) return `'${value}'`;
  return `"${value.replace(/["\\$`]/g, '\\$&')}"`;
}

function newline(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n';
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  if (end < 0) return text.length;
  return text[end - 1] === '\r' && end > from ? end - 1 : end;
}

function nextLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end + 1;
}

const HEAD = /^\ufeff?[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=/;
/** A shell would put something else in its place. */
const COMPUTED = /(?:^|[^\\])(?:\\\\)*(?:\$[A-Za-z_{(]|`)/;
const PLAIN = /^[A-Za-z0-9_.,:/@%+=-]*$/;
