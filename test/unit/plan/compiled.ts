import type { Digest } from '../../../src/core/json';
import type { CompiledPlan } from '../../../src/core/plan';
import { compilePlanFile } from '../../../src/plan/compile-file';
import { renderProblem } from '../../../src/plan/problem';

/** The compiled plan of a file that must be right; its problems fail the test in full. */
export async function compiled(path: string): Promise<{ readonly plan: CompiledPlan; readonly digest: Digest }> {
  const result = await compilePlanFile(path);
  if (!result.ok) throw new Error(`${path} was refused:\n${result.problems.map(renderProblem).join('\n')}`);
  return result;
}
