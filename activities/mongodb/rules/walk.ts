import type { Rule } from '../../../src/core/tenancy-args';
import type { MongoRule, RuleOf, TenantOf } from './driver';
import { lookedUpRule } from './looked-up';

/** A document has the tenant of the document that it refers to; one that has none itself leads nowhere. */
export function walkRule(of: RuleOf, rule: Extract<Rule, { kind: 'walk' }>, tenants: TenantOf): MongoRule {
  const { table, column, key } = rule.to;
  return lookedUpRule(of, rule.by, { table, from: column, to: key }, rule.otherwise && tenants(rule.otherwise));
}
