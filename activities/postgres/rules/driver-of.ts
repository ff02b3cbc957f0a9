import type { StepArgs } from '../../../src/core/step';
import type { Captured, LookedUp, Rule } from '../../../src/core/tenancy-args';
import { ruledOf, type Ruled } from '../statements/rule';
import { constantRule } from './constant';
import type { Captures, PgRule, RuleOf } from './driver';
import { mappingRule } from './mapping';
import { walkRule } from './walk';

/** The rule of one table, ready to predict, apply and prove itself. */
export async function driverOf(context: Captures, rule: Rule, of: RuleOf): Promise<PgRule> {
  switch (rule.kind) {
    case 'constant':
      return constantRule(of, await context.captured<string>(rule.tenant));
    case 'mapping':
      return mappingRule(await ruledTable(context, rule, of));
    case 'walk':
      return walkRule(await ruledTable(context, rule, of));
  }
}

/** Of a key: the one tenant of every row, or the rule that tells it row by row. */
export async function tenantOrRule(context: Captures, args: StepArgs['key']): Promise<string | Ruled> {
  return args.rule ? ruledTable(context, args.rule, args) : context.captured<string>(args.tenant);
}

/** What the SQL of a rule needs, the tenant of those that it does not find among it. */
export async function ruledTable<R extends LookedUp>(
  context: Captures,
  rule: R,
  { table, column }: RuleOf,
): Promise<Ruled & { readonly rule: R }> {
  const tenantOf = await tenantsFor(context, [{ rule }]);
  return { ...ruledOf({ table, column }, rule, tenantOf), rule };
}

/** What the captures of this run say that a reference stands for. */
export type TenantOf = (reference: Captured) => string;

/** Resolves every tenant that these rules name. */
export async function tenantsFor(context: Captures, tables: readonly { readonly rule: Rule }[]): Promise<TenantOf> {
  const found = new Map<string, string>();
  for (const { rule } of tables) {
    const reference = rule.kind === 'constant' ? rule.tenant : rule.otherwise;
    if (reference) found.set(`${reference.step}/${reference.name}`, await context.captured<string>(reference));
  }
  return ({ step, name }) => {
    const tenant = found.get(`${step}/${name}`);
    if (tenant === undefined) throw new Error(`${step}/${name} is named by none of the rules.`);
    return tenant;
  };
}
