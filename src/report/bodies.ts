import type { Evidence } from '../core/evidence';
import type { Json } from '../core/json';
import type { CompiledPlan } from '../core/plan';

/** Ledger bodies come from a database and perhaps from an older version: each field is looked at before it is believed. */
export function bodyOf(body: Json): Readonly<Record<string, Json | undefined>> {
  return isRecord(body) ? body : {};
}

export function textIn(body: Json, name: string): string | undefined {
  const value = bodyOf(body)[name];
  return typeof value === 'string' ? value : undefined;
}

export function numberIn(body: Json, name: string): number | undefined {
  const value = bodyOf(body)[name];
  return typeof value === 'number' ? value : undefined;
}

export function textsIn(body: Json, name: string): Readonly<Record<string, string>> {
  const entries = Object.entries(bodyOf(bodyOf(body)[name] ?? null));
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

export function listIn(body: Json, name: string): readonly string[] {
  const value = bodyOf(body)[name];
  return Array.isArray(value) ? value.map(String) : [];
}

export function evidenceIn(body: Json): Evidence | undefined {
  const evidence = bodyOf(body)['evidence'];
  if (evidence === undefined || !isRecord(evidence)) return undefined;
  const { verdict, summary, checks } = evidence;
  const known = verdict === 'pass' || verdict === 'fail' || verdict === 'inconclusive';
  return known && typeof summary === 'string' && Array.isArray(checks) ? (evidence as unknown as Evidence) : undefined;
}

export function planIn(body: Json): CompiledPlan | undefined {
  const { name, home, steps, gates } = bodyOf(body);
  const whole = typeof name === 'string' && typeof home === 'string' && Array.isArray(steps) && gates !== undefined;
  return whole ? (body as unknown as CompiledPlan) : undefined;
}

function isRecord(value: Json): value is { readonly [key: string]: Json | undefined } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
