import type { Phase } from '../core/phase';
import type { PathPart } from './problem';
import type { PlanFile } from './schema/plan';

type Expand = PlanFile['phases']['expand'][number];
type Validate = PlanFile['phases']['validate'][number];

export type SqlStep = NonNullable<Expand['sql']>;
export type QueryStep = NonNullable<Validate['query']>;
export type ManualStep = NonNullable<Expand['manual']>;
export type CommandStep = NonNullable<Expand['command']>;
export type HttpStep = NonNullable<Expand['http']>;
export type AggregateStep = NonNullable<Validate['aggregate']>;

/** What is at one place of the plan file. `at` is that place; `n` its number among its own kind in its phase, from 1. */
export interface Entry<T> {
  readonly at: readonly PathPart[];
  readonly n: number;
  readonly spec: T;
}

export function sqlEntries({ phases }: PlanFile): readonly Entry<SqlStep>[] {
  return numbered(phases.expand, (entry, i) =>
    entry.sql ? { at: ['phases', 'expand', i, 'sql'], spec: entry.sql } : undefined,
  );
}

/** Their number is their place in the list, manual steps counted too: a name must not move when one is added behind it. */
export function queryEntries({ phases }: PlanFile): readonly Entry<QueryStep>[] {
  return phases.validate.flatMap(({ query }, i) =>
    query ? [{ at: ['phases', 'validate', i, 'query'], n: i + 1, spec: query }] : [],
  );
}

/** What may stand in any list of steps, whatever else its phase knows. */
export interface SharedEntry {
  readonly manual?: ManualStep | undefined;
  readonly command?: CommandStep | undefined;
  readonly http?: HttpStep | undefined;
  readonly config?: PlanFile['phases']['configure'][number]['config'];
  readonly unconfig?: PlanFile['phases']['contract']['steps'][number]['unconfig'];
  readonly profiling?: PlanFile['phases']['preflight'][number]['profiling'];
}

/** The lists of steps of a phase, with their places: first what stands among its own steps, then what people do last. */
export function listsOf({ phases }: PlanFile, phase: Phase): readonly Entry<SharedEntry>[] {
  switch (phase) {
    case 'preflight':
    case 'backup':
    case 'configure':
    case 'expand':
    case 'backfill':
    case 'validate':
      return placed(['phases', phase], phases[phase]);
    case 'observe':
      return placed(['phases', 'observe', 'checks'], phases.observe.checks);
    case 'contract':
      return placed(['phases', 'contract', 'steps'], phases.contract.steps);
    case 'cutover':
      return [];
  }
}

function placed(at: readonly PathPart[], list: readonly SharedEntry[]): readonly Entry<SharedEntry>[] {
  return list.map((spec, i) => ({ at: [...at, i], n: i + 1, spec }));
}

/** Every manual step of a phase, in the order of the plan. */
export function manualEntries(plan: PlanFile, phase: Phase): readonly Entry<ManualStep>[] {
  const listed = listsOf(plan, phase).flatMap(({ at, spec }) =>
    spec.manual ? [{ at: [...at, 'manual'], spec: spec.manual }] : [],
  );
  return [...listed, ...lastManual(plan, phase)].map((entry, i) => ({ ...entry, n: i + 1 }));
}

/** What people do when all else of the phase is done. */
export function lastManual({ phases }: PlanFile, phase: Phase): readonly Omit<Entry<ManualStep>, 'n'>[] {
  if (phase !== 'cutover' && phase !== 'observe' && phase !== 'contract') return [];
  return phases[phase].manual.map((spec, i) => ({ at: ['phases', phase, 'manual', i], spec }));
}

function numbered<E, T>(
  list: readonly E[],
  found: (entry: E, i: number) => Omit<Entry<T>, 'n'> | undefined,
): readonly Entry<T>[] {
  return list.flatMap((entry, i) => found(entry, i) ?? []).map((entry, i) => ({ ...entry, n: i + 1 }));
}
