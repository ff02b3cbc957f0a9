import { CutoverError } from '../src/core/failure';
import type { Resources, Target } from './resources';

export type TargetOf<K extends Target['kind']> = Extract<Target, { readonly kind: K }>;

const WANTED: Readonly<Record<Target['kind'], string>> = {
  postgres: 'a PostgreSQL database',
  mongodb: 'a MongoDB database',
  http: 'a service with an http address',
  'env-file': 'an env file',
  'secret-store': 'a secret store',
  service: 'a service with builds',
  log: 'a log',
};

/** @throws Misconfigured when there is no such target, or it is of another kind. */
export function targetOf<K extends Target['kind']>(resources: Resources, name: string, kind: K): TargetOf<K> {
  const target = resources.target(name);
  if (target.kind === kind) return target as TargetOf<K>;
  throw new CutoverError(
    'Misconfigured',
    `Target "${name}" is of kind ${target.kind}; here it must be ${WANTED[kind]}. Correct the plan, or cutover.config.yaml.`,
  );
}
