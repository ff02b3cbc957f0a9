import { CutoverError } from '../../src/core/failure';
import type { MongoTarget, Resources } from '../resources';

export function homeTarget(resources: Resources, name: string): MongoTarget {
  const target = resources.target(name);
  if (target.kind === 'mongodb') return target;
  throw new CutoverError(
    'Misconfigured',
    `Target "${name}" is of kind ${target.kind}; here it must be a MongoDB database.`,
  );
}
