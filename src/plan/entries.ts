import type { Phase } from '../core/phase';
import type { PathPart } from './problem';
import type { PlanFile } from './schema/plan';

type Expand = PlanFile['phases']['expand'][number];
type Validate = PlanFile['phases']['validate'][number];

export type SqlStep = NonNullable<Expand['sql']>;
export type QueryStep = NonNullable<Validate['query']>;
export type ManualStep = NonNullable<Expand['manual']>;

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

/** Every manual step of a phase, in the order of the plan. */
export function manualEntries({ phases }: PlanFile, phase: Phase): readonly Entry<ManualStep>[] {
  switch (phase) {
    case 'preflight':
    case 'backup':
    case 'expand':
    case 'backfill':
    case 'validate': {
      const list: readonly { readonly manual?: ManualStep | undefined }[] = phases[phase];
      return numbered(list, ({ manual }, i) =>
        manual ? { at: ['phases', phase, i, 'manual'], spec: manual } : undefined,
      );
    }
    case 'cutover':
    case 'observe':
    case 'contract':
      return numbered(phases[phase].manual, (spec, i) => ({ at: ['phases', phase, 'manual', i], spec }));
    case 'configure':
      return [];
  }
}

function numbered<E, T>(
  list: readonly E[],
  found: (entry: E, i: number) => Omit<Entry<T>, 'n'> | undefined,
): readonly Entry<T>[] {
  return list.flatMap((entry, i) => found(entry, i) ?? []).map((entry, i) => ({ ...entry, n: i + 1 }));
}
