import { z } from 'zod';
import { notYet } from './not-yet';
import { pathText, quoted, type PathPart, type Problem } from './problem';
import { planSchema, type PlanFile } from './schema/plan';
import { sentence } from './sentences';
import { suggest } from './suggest';
import type { PlanData } from './yaml';

export type ShapeResult =
  { readonly ok: true; readonly file: PlanFile } | { readonly ok: false; readonly problems: readonly Problem[] };

/** The plan by its schema, or everything that is wrong with its shape. */
export function parseShape(plan: PlanData): ShapeResult {
  const result = planSchema.safeParse(plan.data);
  if (result.success) return { ok: true, file: result.data };
  const all = result.error.issues.flatMap((issue) => refusals(issue, plan));
  const explained = new Set(all.flatMap((r) => (r.instead === undefined ? [] : [r.instead])));
  const kept = all.filter((r) => !(r.missing && explained.has(r.problem.path)));
  return { ok: false, problems: kept.map((r) => r.problem).sort((a, b) => (a.line ?? 0) - (b.line ?? 0)) };
}

interface Refusal {
  readonly problem: Problem;
  /** A required key that is not there ... */
  readonly missing?: boolean;
  /** ... is said once, by the misspelt or later key that stands in its place. */
  readonly instead?: string;
}

type Issue = z.core.$ZodIssue;

function refusals(issue: Issue, plan: PlanData): readonly Refusal[] {
  const path = issue.path.map((p) => (typeof p === 'symbol' ? p.toString() : p));
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key], plan));
  if (issue.code === 'invalid_key') {
    return issue.issues.map((inner) => ({
      problem: { ...located(path, plan), ...sentence({ issue: inner as Issue, value: path.at(-1), path, plan }) },
    }));
  }
  const value = valueAt(plan.data, path);
  const problem = { ...located(path, plan), ...sentence({ issue, value, path, plan }) };
  return [{ problem, missing: value === undefined }];
}

function unknownKey(path: readonly PathPart[], plan: PlanData): Refusal {
  const above = path.slice(0, -1);
  const key = String(path.at(-1));
  const known = keysAt(above);
  const expected = known.length === 1 ? `the key ${known[0]}` : `one of the keys ${known.join(', ')}`;
  const later = notYet(path);
  if (later !== undefined) {
    const found = `the key ${quoted(key)}, which this version does not know yet`;
    const only = known.length === 1 ? { instead: pathText([...above, known[0] ?? '']) } : {};
    return { problem: { ...located(path, plan), found, expected, fix: later }, ...only };
  }
  const meant = suggest(key, known);
  const fix = meant ? `${meant} (did you mean that?)` : 'delete it, or see docs/plan-file.md';
  const problem = { ...located(path, plan), found: `the unknown key ${quoted(key)}`, expected, fix };
  return { problem, ...(meant ? { instead: pathText([...above, meant]) } : {}) };
}

/** The keys that the schema knows at this place. */
function keysAt(path: readonly PathPart[]): readonly string[] {
  let schema: unknown = planSchema;
  for (const part of path) {
    schema = unwrap(schema);
    if (schema instanceof z.ZodObject) schema = schema.shape[String(part)];
    else if (schema instanceof z.ZodArray) schema = schema.element;
    else if (schema instanceof z.ZodRecord) schema = schema.valueType;
  }
  const end = unwrap(schema);
  return end instanceof z.ZodObject ? Object.keys(end.shape) : [];
}

function unwrap(schema: unknown): unknown {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault)
    inner = inner.unwrap();
  return inner;
}

function located(path: readonly PathPart[], plan: PlanData): Pick<Problem, 'path' | 'line'> {
  const line = plan.lineOf(path);
  return { path: pathText(path), ...(line === undefined ? {} : { line }) };
}

function valueAt(data: unknown, path: readonly PathPart[]): unknown {
  return path.reduce<unknown>(
    (inner, part) => (isContainer(inner) && Object.hasOwn(inner, part) ? inner[part] : undefined),
    data,
  );
}

function isContainer(value: unknown): value is Record<PathPart, unknown> {
  return typeof value === 'object' && value !== null;
}
