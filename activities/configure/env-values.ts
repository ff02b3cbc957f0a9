import { CutoverError } from '../../src/core/failure';
import type { EnvFileTarget } from '../resources';
import { envText } from './env-text';
import { readWhole } from './replace-file';
import { misread } from './text-format';

/**
 * The variables of an env file, as `set -a; source file` would give them, without a shell. What a shell would compute
 * (`$NAME`, `$(...)`) is refused: guessed wrong, a program would run with another configuration than the application.
 *
 * @throws Misconfigured or Refused, with the line and never a value.
 */
export async function readEnvFile(target: EnvFileTarget): Promise<Readonly<Record<string, string>>> {
  const { text } = await readWhole(target.path);
  const found = envText.assignments?.(text, target.path) ?? [];
  for (const { key, line, expands, value } of found) {
    if (expands) {
      throw misread(
        target.path,
        line,
        `${key} has a part that a shell would compute; write the value out, in single quotes if the sign is meant`,
      );
    }
    if (value.includes('\0')) throw misread(target.path, line, `${key} has a NUL in it; take it out`);
  }
  const stray = strayLine(text, found);
  if (stray !== undefined) {
    throw new CutoverError('Refused', `${target.path}, line ${stray}: neither KEY=value nor a comment; correct it.`);
  }
  return Object.fromEntries(found.map(({ key, value }) => [key, value]));
}

function strayLine(text: string, found: readonly { readonly from: number; readonly to: number }[]): number | undefined {
  // Assignments become empty lines of the same number.
  const rest = found.reduceRight(
    (out, { from, to }) => out.slice(0, from) + out.slice(from, to).replace(/[^\n]/g, '') + out.slice(to),
    text,
  );
  const at = rest.split('\n').findIndex((line) => !/^\s*(#.*)?$/.test(line));
  return at < 0 ? undefined : at + 1;
}
