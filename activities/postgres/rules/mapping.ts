import type { Rule } from '../../../src/core/tenancy-args';
import type { Ruled } from '../statements/rule';
import type { PgRule } from './driver';
import { lookedUpRule } from './looked-up';

/** The tenant stands beside the row's value in a table of its own. */
export function mappingRule(args: Ruled & { readonly rule: Extract<Rule, { kind: 'mapping' }> }): PgRule {
  return lookedUpRule(args);
}
