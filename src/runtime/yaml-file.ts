import { parseDocument } from 'yaml';
import { quoted } from '../plan/problem';
import { readText } from '../plan/read-text';
import { FileProblems } from './problem';

/**
 * Reads one YAML document of the worker's own. Larger than 256 KB, not a regular file, not UTF-8, with a repeated key, a
 * tag, an alias or a second document: refused. An empty file is undefined.
 *
 * @throws FileProblems
 */
export async function readYamlFile(file: string): Promise<unknown> {
  const read = await readText(file, { as: '', max: MAX_BYTES });
  if (!read.ok) throw new FileProblems(file, [read.problem]);
  // With logLevel silent the library would pass over a second document without a word.
  const document = parseDocument(read.text, {
    strict: true,
    uniqueKeys: true,
    stringKeys: true,
    merge: false,
    resolveKnownTags: false,
    logLevel: 'error',
  });
  const bad = [...document.errors, ...document.warnings];
  if (bad.length > 0)
    throw new FileProblems(
      file,
      bad.map((e) => lineProblem(e.message, e.linePos?.[0].line)),
    );
  try {
    const value: unknown = document.toJS({ maxAliasCount: 0 });
    return value ?? undefined;
  } catch {
    throw new FileProblems(file, [
      { path: '', found: 'an alias (*name)', expected: 'plain values', fix: 'write the value out' },
    ]);
  }
}

/** The library quotes the line itself after the first line of its message; that line may hold a secret. */
function lineProblem(message: string, line: number | undefined): FileProblems['problems'][number] {
  const first = message.split(/ at line \d|:?\n/)[0] ?? 'text that is not YAML';
  return {
    path: line === undefined ? '' : `line ${line}`,
    found: quoted(first),
    expected: 'one plain YAML document',
    fix: 'mend this line',
  };
}

const MAX_BYTES = 256 * 1024;
