import { dirname, basename } from 'node:path';
import { digestOf, type Digest } from '../core/json';
import type { CompiledPlan } from '../core/plan';
import { readArtifacts } from './artifacts';
import { check } from './check';
import { compile } from './compile';
import { parseShape } from './shape';
import type { Problem } from './problem';
import { readText } from './read-text';
import { parsePlanText } from './yaml';

/** A plan is written by hand: more than this is data that does not belong here. */
export const MAX_PLAN_BYTES = 1024 * 1024;

export type PlanResult =
  | { readonly ok: true; readonly plan: CompiledPlan; readonly digest: Digest }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Plan file -> text -> YAML -> schema -> checks -> steps and their digest. Reads the plan and the files beside it,
 * connects to nothing. Each stage reports all that it finds before the next one starts.
 */
export async function compilePlanFile(path: string): Promise<PlanResult> {
  const read = await readText(path, { as: basename(path), max: MAX_PLAN_BYTES });
  if (!read.ok) return { ok: false, problems: [read.problem] };
  const parsed = parsePlanText(read.text);
  if (!parsed.ok) return parsed;
  const shape = parseShape(parsed.plan);
  if (!shape.ok) return shape;
  const { artifacts, unread } = await readArtifacts(shape.file, dirname(path));
  const missing = unread.map(({ mention, problem }) => ({ ...problem, line: parsed.plan.lineOf(mention.path) ?? 1 }));
  const all = [...missing, ...check({ plan: shape.file, artifacts, source: parsed.plan })];
  if (all.length > 0) return { ok: false, problems: all };
  const plan = compile(shape.file, artifacts);
  return { ok: true, plan, digest: digestOf(plan) };
}
