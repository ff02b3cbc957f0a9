import type { LookedUp } from '../core/tenancy-args';
import { shortTable } from './identifiers';

/** `by owner_id, looked up in owners` */
export function ruleText(rule: LookedUp): string {
  if (rule.kind === 'mapping') return `by ${rule.by}, looked up in ${shortTable(rule.in.table)}`;
  return `by ${rule.by}, followed to ${shortTable(rule.to.table)}`;
}
