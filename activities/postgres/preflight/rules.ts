import { CutoverError, describeError } from '../../../src/core/failure';
import type { PreflightArgs } from '../../../src/core/preflight-args';
import { lookupOf } from '../../../src/core/tenancy-args';
import { describeUnmapped } from '../../rule';
import { check, type Findings } from '../../findings';
import { findRelation } from '../catalog';
import type { PgSession } from '../context';
import { sqlState } from '../pg-error';
import { readOnly } from '../read-only';
import { requireLookup, requireTenants } from '../rules/requirements';
import { doubtfulSql } from '../statements/rule';

type Ruled = NonNullable<PreflightArgs['rules']>[number];

/** What backfill would refuse, said before anything is approved: rules that cannot run, and rows whose tenant nobody can tell. */
export async function ruleFindings(session: PgSession, args: PreflightArgs): Promise<Findings> {
  const { rules = [] } = args;
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const ruled of rules) {
    const { table: where, to } = lookupOf(ruled.rule);
    if (args.creates.includes(where) && !(await findRelation(session, where))) continue;
    // The key of another table is not there yet: what leads to it is known once that is stamped.
    const later = to === args.column;
    const problem = await problemOf(session, ruled, later);
    if (problem !== undefined) problems.push(problem);
    else if (!later) warnings.push(...(await doubtful(session, ruled)));
  }
  if (rules.length === 0) return { checks: [] };
  return { checks: [check('rules', 'rules that can run in every insert', problems)], warnings };
}

async function problemOf(session: PgSession, ruled: Ruled, later: boolean): Promise<string | undefined> {
  try {
    await requireLookup(session, ruled);
    if (!later) await requireTenants(session, ruled);
    return undefined;
  } catch (error) {
    if (error instanceof CutoverError && error.type === 'Refused') return describeError(error);
    throw error;
  }
}

interface Doubtful {
  readonly none: string;
  readonly several: string;
  readonly noneOf: readonly string[] | null;
  readonly severalOf: readonly string[] | null;
}

async function doubtful(session: PgSession, { table, rule }: Ruled): Promise<readonly string[]> {
  const { table: where, to } = lookupOf(rule);
  const found = await counted(session, { table, rule });
  if (!found) return [`whether ${where} knows the tenant of every row of ${table} takes longer than a minute to count`];
  const none = { count: Number(found.none), samples: found.noneOf ?? [] };
  const several = { count: Number(found.several), samples: found.severalOf ?? [] };
  return [
    ...(none.count === 0 || rule.otherwise
      ? []
      : [
          `${where} knows no ${to} for ${describeUnmapped(none)} in ${table}, by ${rule.by}: backfill stamps none before it does`,
        ]),
    ...(several.count === 0
      ? []
      : [
          `${where} gives several ${to} to ${describeUnmapped(several)} in ${table}, by ${rule.by}: backfill refuses that`,
        ]),
  ];
}

/** Undefined where it takes too long. */
async function counted(session: PgSession, ruled: Ruled): Promise<Doubtful | undefined> {
  try {
    const [row] = await readOnly(session, { timeoutMs: 60_000 }, () => session.query<Doubtful>(doubtfulSql(ruled)));
    return row;
  } catch (error) {
    if (sqlState(error) === '57014') return undefined;
    throw error;
  }
}
