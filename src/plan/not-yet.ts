import type { PathPart } from './problem';

/**
 * Words of the plan language that this version reads nowhere: refused by name, because a word that is accepted and
 * then ignored is a promise that nobody keeps. Patterns: `*` stands for one part of a path.
 */
const NOT_YET: readonly { readonly path: string; readonly instead: string; readonly values?: readonly string[] }[] = [
  { path: 'phases.*.*.exec', instead: 'command: { name: ..., run: { argv: [...] } }' },
  { path: 'phases.*.*.k8s', instead: 'make the change outside, before the gate of this phase' },
  { path: 'phases.*.*.mongo', instead: 'aggregate, or a command of the application' },
  { path: 'phases.*.*.notify', instead: 'notify at the top of the plan' },
  { path: 'phases.cutover.switch.*.rename', instead: 'turn the application by a flag' },
  { path: 'phases.cutover.switch.*.route', instead: 'turn the application by a flag' },
  { path: 'phases.cutover.switch.*.scale', instead: 'turn the application by a flag' },
  { path: 'tenancy.tables.*.mapping', instead: 'rule: { mapping: ... }' },
  {
    path: 'tenancy.registry.adopt',
    instead: 'take it out: a table that is there is adopted when it is as good as what the plan creates',
  },
  {
    path: 'freeze.maxAttempts',
    instead: 'take it out: one failed freeze parks the run, and `cutover retry` tries again',
  },
];

/** What to do instead, when `path` is a word that later versions may know. */
export function notYet(path: readonly PathPart[], value?: unknown): string | undefined {
  const entry = NOT_YET.find(
    (e) =>
      matches(e.path.split('.'), path) &&
      (e.values === undefined || (typeof value === 'string' && e.values.includes(value))),
  );
  return entry?.instead;
}

function matches(pattern: readonly string[], path: readonly PathPart[]): boolean {
  return pattern.length === path.length && pattern.every((part, i) => part === '*' || part === String(path[i]));
}
