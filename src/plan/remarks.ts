import type { PlanFile } from './schema/plan';

/** What approvers should know before they decide. */
export function remarksOf(plan: PlanFile): readonly string[] {
  return [`${plan.name}`];
}
