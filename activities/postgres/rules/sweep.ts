import type { LookedUp } from '../../../src/core/tenancy-args';
import type { PgContext } from '../context';
import { ident } from '../identifiers';
import { primaryKey } from '../keyset';
import { describeUnmapped } from '../../rule';
import { refused } from '../pg-error';
import { ruleText, sweepByRuleSql } from '../statements/rule';
import { ruledTable } from './driver-of';
import type { RuleOf } from './driver';
import { lookedUpRule } from './looked-up';

export interface RuledBy extends RuleOf {
  readonly rule: LookedUp;
}

/**
 * Rows that came without a key since, or whose tenant the rule could not tell at the time: stamped where it can now, a
 * batch a transaction, until there are none. Answers how many. Rows that have a key are never touched.
 */
export async function sweep(context: PgContext, of: RuledBy): Promise<number> {
  const args = await ruledTable(context, of.rule, of);
  const keyset = await context.read((session) => primaryKey(session, of.table));
  const sql = sweepByRuleSql(
    args,
    keyset.columns.map((c) => ident(c.name)),
  );
  let stamped = 0;
  for (;;) {
    context.signal.throwIfAborted();
    const batch = await context.transaction((tx) => tx.execute(sql));
    if (batch === 0) return stamped;
    stamped += batch;
    context.progress({ doing: `stamping what came to ${of.table} since`, done: stamped, unit: 'rows' });
  }
}

/** @throws Refused, naming some of them, where rows are left whose tenant the rule cannot tell. */
export async function refuseUnmapped(context: PgContext, of: RuledBy): Promise<void> {
  const rule = lookedUpRule(await ruledTable(context, of.rule, of));
  const { unmapped } = await context.read((session) => rule.predict(session));
  if (unmapped.count > 0) throw cannotTell(of, describeUnmapped(unmapped));
}

export function cannotTell({ table, rule }: RuledBy, rows: string): Error {
  const { table: where } = rule.kind === 'mapping' ? rule.in : rule.to;
  return refused(
    `The rule cannot tell the tenant of ${rows} in ${table}, by ${ruleText(rule)}. Complete ${where}, or give the rule \`default: true\`, then \`cutover retry\`.`,
  );
}
