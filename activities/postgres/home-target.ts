import { CutoverError } from '../../src/core/failure';
import type { PostgresTarget, Resources } from '../resources';

export function homeTarget(resources: Resources, name: string): PostgresTarget {
  const target = resources.target(name);
  if (target.kind === 'postgres') return target;
  throw new CutoverError(
    'Misconfigured',
    `Target "${name}" is the home of the plan but is of kind ${target.kind}; the home must be a database.`,
  );
}
