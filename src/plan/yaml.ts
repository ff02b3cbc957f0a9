import { Lexer, LineCounter, Parser, isAlias, isMap, isNode, isPair, isScalar, parseDocument, visit } from 'yaml';
import type { Document, ErrorCode, Node, Pair, Scalar, YAMLError } from 'yaml';
import { pathText, quoted, visible, type PathPart, type Problem } from './problem';

export interface PlanData {
  readonly data: unknown;
  /** The line of a value, counted from 1; of the nearest thing around it when it is not in the file. */
  readonly lineOf: (path: readonly PathPart[]) => number | undefined;
  /** What stands in the file before YAML gives it a type: `0123`, `no`, `"x"` without its quotes. */
  readonly sourceOf: (path: readonly PathPart[]) => { readonly text: string; readonly quoted: boolean } | undefined;
}

/**
 * YAML 1.2 without its surprises: one document, unique text keys, no tags, no anchors, no merge keys, no warnings, and
 * no number that reads back as another text than the author wrote.
 */
export function parsePlanText(
  text: string,
): { readonly ok: true; readonly plan: PlanData } | { readonly ok: false; readonly problems: readonly Problem[] } {
  const deep = nestingProblem(text);
  if (deep) return { ok: false, problems: [deep] };
  const lines = new LineCounter();
  const document = parseDocument(text, { ...STRICT, lineCounter: lines });
  const lineOf = (node: Node | null | undefined): number | undefined =>
    node?.range ? lines.linePos(node.range[0]).line : undefined;
  const syntax = worthSaying([...document.errors, ...document.warnings]);
  if (syntax.length > 0) return { ok: false, problems: syntax };
  if (document.contents === null) return { ok: false, problems: [EMPTY] };
  const surprises = findSurprises(document, lineOf);
  if (surprises.length > 0) return { ok: false, problems: surprises };
  return {
    ok: true,
    plan: {
      data: document.toJS(),
      lineOf: (path) => lineOf(nearest(document, path)),
      sourceOf: (path) => {
        const node = document.getIn(path, true);
        return isScalar(node) ? { text: node.source ?? '', quoted: node.type !== 'PLAIN' } : undefined;
      },
    },
  };
}

const STRICT = {
  version: '1.2',
  schema: 'core',
  strict: true,
  uniqueKeys: true,
  stringKeys: true,
  merge: false,
  resolveKnownTags: false,
  prettyErrors: true,
  logLevel: 'error',
} as const;

/** Deeper than any plan; the YAML library itself would end the whole process at some thousands. */
const DEEPEST = 40;

/** Counts without recursion, before anything that recurses sees the text. */
function nestingProblem(text: string): Problem | undefined {
  const parser = new Parser();
  let line = 1;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) void token;
    if (lexeme.includes('\n')) line += lexeme.split('\n').length - 1;
    if (parser.stack.length > DEEPEST) {
      const found = `more than ${DEEPEST} levels of lists and maps within each other`;
      return {
        path: 'the plan',
        line,
        found,
        expected: 'a plan, which has at most ten',
        fix: 'start from an example plan',
      };
    }
  }
  return undefined;
}

/** After the first line that cannot be read the parser guesses: only errors that stand for themselves are added to it. */
function worthSaying(errors: readonly YAMLError[]): readonly Problem[] {
  const alone: readonly ErrorCode[] = ['DUPLICATE_KEY', 'TAG_RESOLVE_FAILED', 'NON_STRING_KEY'];
  const first = errors.find((e) => !alone.includes(e.code));
  return errors.filter((e) => e === first || alone.includes(e.code)).map(syntaxProblem);
}

function syntaxProblem({ code, message, linePos }: YAMLError): Problem {
  const at = linePos?.[0];
  const known = SYNTAX[code];
  const first = visible((message.split(/ at line \d|:?\n/)[0] ?? message).trim());
  return {
    path: at ? `line ${at.line}, column ${at.col}` : 'the plan',
    ...(at ? { line: at.line } : {}),
    found: known?.found ?? `text that is not YAML: ${first}`,
    expected: known?.expected ?? 'one YAML 1.2 document',
    fix: known?.fix ?? 'correct the line; an editor that knows YAML marks it',
  };
}

const NO_TAGS = {
  found: 'a YAML tag (!...)',
  expected: 'plain text, numbers, lists and maps',
  fix: 'take the tag away and write the value itself',
};

const SYNTAX: Partial<Record<ErrorCode, Omit<Problem, 'path' | 'line'>>> = {
  TAB_AS_INDENT: { found: 'a tab as indentation', expected: 'spaces', fix: 'replace the tab by two spaces' },
  DUPLICATE_KEY: {
    found: 'a key that this map has already',
    expected: 'every key once',
    fix: 'delete one of the two, or merge them',
  },
  MULTIPLE_DOCS: {
    found: 'a second document (---)',
    expected: 'one plan per file',
    fix: 'put the second plan into a file of its own',
  },
  TAG_RESOLVE_FAILED: NO_TAGS,
  NON_STRING_KEY: {
    found: 'a key that is no text',
    expected: 'text keys',
    fix: 'write a simple word before the colon',
  },
};

const EMPTY: Problem = {
  path: 'the plan',
  found: 'an empty file, or only comments',
  expected: 'a map that begins with version: 1',
  fix: 'start from an example plan',
};

function findSurprises(
  document: Document.Parsed,
  lineOf: (node: Node | null | undefined) => number | undefined,
): Problem[] {
  const problems: Problem[] = [];
  const add = (node: Node, path: readonly PathPart[], rest: Omit<Problem, 'path' | 'line'>): void => {
    const line = lineOf(node);
    problems.push({ path: pathText(path), ...(line === undefined ? {} : { line }), ...rest });
  };
  visit(document, {
    Node: (key, node, ancestors) => {
      const path = pathOf(ancestors, node);
      if (isAlias(node) || ('anchor' in node && node.anchor)) {
        add(node, path, NO_ANCHORS);
        return visit.BREAK;
      }
      if (node.tag) add(node, path, NO_TAGS);
      const rest = isScalar(node) ? (key === 'key' ? keyProblem(String(node.value)) : numberProblem(node)) : undefined;
      if (rest) add(node, path, rest);
      return undefined;
    },
  });
  return problems;
}

const NO_ANCHORS = {
  found: 'a YAML anchor or alias (& or *)',
  expected: 'every value written where it is used, so that approvers read what they approve',
  fix: 'write the value itself',
};

function keyProblem(key: string): Omit<Problem, 'path' | 'line'> | undefined {
  if (key === '<<') return { ...NO_ANCHORS, found: 'a merge key (<<)', fix: 'write the merged keys themselves' };
  if (!['__proto__', 'constructor', 'prototype'].includes(key)) return undefined;
  const expected = 'the keys of docs/plan-file.md, and names of your own tables';
  return { found: `the key ${key}, which JavaScript programs take for something else`, expected, fix: 'delete it' };
}

/** `0123` would be 123, `1e5` 100000, and a number of 20 digits another number: none may pass for what was written. */
function numberProblem(node: Scalar): Omit<Problem, 'path' | 'line'> | undefined {
  if (typeof node.value !== 'number' || node.source === undefined || String(node.value) === node.source)
    return undefined;
  const source = visible(node.source);
  return {
    found: `${source}, which YAML reads as the number ${node.value}`,
    expected: 'a whole number written plainly, or text in quotes',
    fix: `${quoted(node.source)} in quotes when it is a name or an id, else ${node.value}`,
  };
}

function pathOf(ancestors: readonly (Document | Node | Pair)[], node: Node): PathPart[] {
  const path: PathPart[] = [];
  const chain: readonly (Document | Node | Pair)[] = [...ancestors, node];
  chain.forEach((here, i) => {
    const above = chain[i - 1];
    if (isPair(here)) path.push(isScalar(here.key) ? String(here.key.value) : '?');
    else if (above && isNode(above) && !isMap(above) && 'items' in above)
      path.push((above.items as unknown[]).indexOf(here));
  });
  return path;
}

function nearest(document: Document.Parsed, path: readonly PathPart[]): Node | null {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node;
  }
  return document.contents;
}
