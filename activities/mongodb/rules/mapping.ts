import type { Rule } from '../../../src/core/tenancy-args';
import type { MongoRule, RuleOf, TenantOf } from './driver';
import { lookedUpRule } from './looked-up';

/** A collection says which value belongs to which tenant. */
export function mappingRule(of: RuleOf, rule: Extract<Rule, { kind: 'mapping' }>, tenants: TenantOf): MongoRule {
  return lookedUpRule(of, rule.by, rule.in, rule.otherwise && tenants(rule.otherwise));
}
