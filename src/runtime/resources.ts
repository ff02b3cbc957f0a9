import type { Logger } from 'pino';
import type { Resources, Store, Target } from '../../activities/resources';
import { CutoverError } from '../core/failure';
import type { Config, TargetConfig } from './config';
import { loadPeople } from './people';
import { FileProblems } from './problem';
import { redact } from './redact';
import { resolveSecret, type SecretRef, type SecretSource } from './secrets';

/** What activities may know of the worker's config. Nothing is opened here: connections belong to the activity that uses them. */
export function createResources({ config, log }: { readonly config: Config; readonly log: Logger }): Resources {
  const targetNames = Object.keys(config.targets).sort();
  return {
    log,
    redact,
    targetNames,
    target: (name) => targetOf(name, named('target', name, config.targets), config.secrets),
    store: (name): Store => ({ name, ...named('store', name, config.stores) }),
    people: async () => {
      try {
        return await loadPeople(config.people);
      } catch (error) {
        if (error instanceof FileProblems) throw new CutoverError('Misconfigured', error.message, { cause: error });
        throw error;
      }
    },
    allow: config.allow,
    ...(config.postgresBin === undefined ? {} : { postgresBin: config.postgresBin }),
  };
}

/** Every secret reference that cannot be resolved now, each with what to do; resolving also makes it known to `redact`. */
export function secretProblems(config: Config): readonly string[] {
  const references: readonly (SecretRef | undefined)[] = [
    ...Object.values(config.targets).flatMap((t) => ('postgres' in t ? [t.postgres, t.probeAs] : [t.auth])),
    ...Object.values(config.webhooks).flatMap((w) => [w.url, w.secret]),
  ];
  const distinct = [...new Set(references.filter((ref) => ref !== undefined))];
  return distinct.flatMap((ref) => {
    try {
      resolveSecret(ref, config.secrets);
      return [];
    } catch (error) {
      if (error instanceof CutoverError) return [error.message];
      throw error;
    }
  });
}

function targetOf(name: string, target: TargetConfig, secrets: SecretSource): Target {
  if ('postgres' in target) {
    const { postgres, probeAs } = target;
    return {
      kind: 'postgres',
      name,
      url: () => connectionString(postgres, secrets),
      ...(probeAs === undefined ? {} : { probeAs: () => connectionString(probeAs, secrets) }),
    };
  }
  const { http, auth } = target;
  return {
    kind: 'http',
    name,
    base: http,
    ...(auth === undefined ? {} : { authorization: () => resolveSecret(auth, secrets) }),
  };
}

function connectionString(ref: SecretRef, secrets: SecretSource): string {
  const value = resolveSecret(ref, secrets).trim();
  if (/^postgres(ql)?:\/\//.test(value)) return value;
  throw new CutoverError(
    'Misconfigured',
    `The secret ${ref} is not a PostgreSQL address; give it the form postgresql://role:password@host:port/database.`,
  );
}

function named<T>(what: string, name: string, all: Readonly<Record<string, T>>): T {
  const value = Object.hasOwn(all, name) ? all[name] : undefined;
  if (value !== undefined) return value;
  const known = Object.keys(all).sort().join(', ') || 'none';
  throw new CutoverError(
    'Misconfigured',
    `The worker's config has no ${what} "${name}"; it has ${known}. Add it to cutover.config.yaml or correct the plan.`,
  );
}
