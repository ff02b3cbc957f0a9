import type { Captured, Rule } from '../../../src/core/tenancy-args';
import { constantRule } from './constant';
import type { MongoRule, RuleOf, TenantOf } from './driver';
import { mappingRule } from './mapping';
import { walkRule } from './walk';

/** The rule of one collection, ready to predict, apply and prove itself. */
export function driverOf(rule: Rule, of: RuleOf, tenants: TenantOf): MongoRule {
  switch (rule.kind) {
    case 'constant':
      return constantRule(of, tenants(rule.tenant));
    case 'mapping':
      return mappingRule(of, rule, tenants);
    case 'walk':
      return walkRule(of, rule, tenants);
  }
}

/** Resolves every tenant that these rules name, so that drivers need no captures. */
export async function tenantsFor(
  context: { captured(reference: Captured): Promise<unknown> },
  rules: readonly Rule[],
): Promise<TenantOf> {
  const found = new Map<string, string>();
  for (const reference of rules.flatMap(namedBy)) {
    const key = `${reference.step}/${reference.name}`;
    if (!found.has(key)) found.set(key, String(await context.captured(reference)));
  }
  return ({ step, name }) => {
    const tenant = found.get(`${step}/${name}`);
    if (tenant === undefined) throw new Error(`${step}/${name} is named by none of the rules.`);
    return tenant;
  };
}

function namedBy(rule: Rule): readonly Captured[] {
  if (rule.kind === 'constant') return [rule.tenant];
  return rule.otherwise ? [rule.otherwise] : [];
}
