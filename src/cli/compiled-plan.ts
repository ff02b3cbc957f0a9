import { basename, resolve } from 'node:path';
import type { Digest } from '../core/json';
import type { CompiledPlan } from '../core/plan';
import { compilePlanFile } from '../plan/compile-file';
import { FileProblems } from '../runtime/problem';
import type { Io } from './shell';

/**
 * The compiled plan of a file.
 *
 * @throws FileProblems, which the shell prints with exit code 2.
 */
export async function compiledPlan(
  file: string,
  io: Io,
): Promise<{ readonly plan: CompiledPlan; readonly digest: Digest }> {
  const result = await compilePlanFile(resolve(io.host.cwd(), file));
  if (!result.ok) throw new FileProblems(basename(file), result.problems);
  return result;
}
