import type { Db } from 'mongodb';
import type { Rule } from '../../../src/core/tenancy-args';
import type { Progress } from '../../context';
import { amongIds } from '../ids';
import { remember, type Before } from '../before';
import { findMissing } from '../find-missing';
import { absent, type MongoRule, type RuleOf, type TenantOf } from './driver';
import { driverOf } from './driver-of';

export interface SweepInput {
  readonly db: Db;
  readonly tables: readonly { readonly table: string; readonly column: string; readonly rule: Rule }[];
  /** See `tenantsFor` of driver-of.ts. */
  readonly tenants: TenantOf;
  readonly signal: AbortSignal;
  readonly progress?: (progress: Progress) => void;
  /** Before every batch is written; throws where the attempt was overtaken, as one that is woken after a stop may be. */
  readonly held?: () => Promise<void>;
  /** Where the undo finds what stood in the key's place; always given where the step can be undone. */
  readonly remember?: { readonly lane: Db; readonly run: string };
  /** In a fence by validator: the tool's own writes pass it. */
  readonly bypassValidation?: boolean;
  /** Reads whole collections instead of the index on the key. */
  readonly thorough?: boolean;
  /** How often at most; a sweep that finds none is the last. */
  readonly passes?: number;
}

export interface Swept {
  readonly stamped: number;
  /** Found in the last pass and still without a key: the rule cannot tell, or somebody changed them meanwhile. */
  readonly left: number;
  readonly byTable: Readonly<Record<string, { readonly stamped: number; readonly left: number }>>;
}

/**
 * Stamps whatever documents without a valid key there are, until none is found: those that came behind the windows, and
 * those with a null, "" or another type. With an index on the key it costs what changed, not what there is.
 */
export async function sweepDocuments(input: SweepInput): Promise<Swept> {
  const byTable: Record<string, { readonly stamped: number; readonly left: number }> = {};
  for (const { table, column, rule } of input.tables) {
    input.progress?.({ doing: `sweeping ${table}` });
    const of = { table, column, ...(input.bypassValidation === true ? { bypassValidation: true } : {}) };
    byTable[table] = await sweepTable(input, of, driverOf(rule, of, input.tenants));
  }
  const all = Object.values(byTable);
  return {
    stamped: all.reduce((sum, { stamped }) => sum + stamped, 0),
    left: all.reduce((sum, { left }) => sum + left, 0),
    byTable,
  };
}

async function sweepTable(
  { db, signal, remember: keep, held, thorough, passes = PASSES }: SweepInput,
  of: RuleOf,
  rule: MongoRule,
): Promise<{ readonly stamped: number; readonly left: number }> {
  let stamped = 0;
  for (let pass = 1; ; pass++) {
    let [found, done] = [0, 0];
    for await (const batch of findMissing(db, of, { signal, thorough: thorough === true })) {
      await held?.();
      if (keep) await remember({ ...keep, table: of.table }, batch.filter(({ held }) => held).map(toBefore));
      done += await stampFound(db, of.column, rule, batch);
      found += batch.length;
    }
    stamped += done;
    if (found === 0) return { stamped, left: 0 };
    // A document that another branch of the index showed twice is stamped once, and nothing is left of it.
    if (pass >= passes || done === 0) return { stamped, left: await countLeft(db, of, signal, thorough === true) };
  }
}

/** As they were when they were found: what an application has written since is left to the next pass. */
async function stampFound(db: Db, column: string, rule: MongoRule, batch: readonly Found[]): Promise<number> {
  const groups = [
    { still: absent(column), ids: batch.filter(({ held }) => !held) },
    { still: { [column]: { $type: 10, $not: { $type: 4 } } }, ids: batch.filter((d) => d.held && d.value === null) },
    { still: { [column]: { $eq: '', $not: { $type: 4 } } }, ids: batch.filter((d) => d.value === '') },
    ...batch
      .filter(({ held, value }) => held && value !== null && value !== '')
      .map((d) => ({ still: { [column]: d.value === undefined ? { $type: 6 } : { $eq: d.value } }, ids: [d] })),
  ];
  let stamped = 0;
  for (const { still, ids } of groups)
    for (const within of amongIds(ids.map(({ id }) => id))) stamped += await rule.apply(db, { within, still });
  return stamped;
}

async function countLeft(db: Db, of: RuleOf, signal: AbortSignal, thorough: boolean): Promise<number> {
  let left = 0;
  for await (const batch of findMissing(db, of, { signal, thorough })) left += batch.length;
  return left;
}

type Found = Parameters<typeof toBefore>[0] & { readonly held: boolean };

function toBefore({ id, value }: { readonly id: unknown; readonly value: unknown }): Before {
  return { id, old: value };
}

const PASSES = 10;
