import type { Decision } from '../../src/core/decision';
import { peopleWith, type People } from '../../src/core/people';
import type { Requirement } from '../../src/core/plan';

/** Somebody for every place that is still free, each person once. */
export function approvers(
  wanting: readonly Requirement[],
  people: People,
  decisions: readonly Decision[],
): readonly string[] {
  const taken = new Set(decisions.map((d) => d.approver));
  const chosen: string[] = [];
  for (const { role, count } of wanting) {
    const free = peopleWith(people, role).filter((name) => !taken.has(name));
    for (const name of free.slice(0, count)) {
      taken.add(name);
      chosen.push(name);
    }
  }
  return chosen;
}
