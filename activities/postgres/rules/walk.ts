import type { Rule } from '../../../src/core/tenancy-args';
import type { Ruled } from '../statements/rule';
import type { PgRule } from './driver';
import { lookedUpRule } from './looked-up';

/** A row has the tenant of the row that it refers to; one that has none itself leads nowhere. */
export function walkRule(args: Ruled & { readonly rule: Extract<Rule, { kind: 'walk' }> }): PgRule {
  return lookedUpRule(args);
}
