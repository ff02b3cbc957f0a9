import type { Logger } from 'pino';
import type { Resources, Store, Target, Webhook } from '../../activities/resources';
import { CutoverError } from '../core/failure';
import type { Config, TargetConfig } from './config';
import { loadPeople } from './people';
import { FileProblems } from './problem';
import { redact, rememberSecret } from './redact';
import { selfCommand } from './self-command';
import { resolveSecret, type SecretRef, type SecretSource } from './secrets';

/** What activities may know of the worker's config. Nothing is opened here: connections belong to the activity that uses them. */
export function createResources({ config, log }: { readonly config: Config; readonly log: Logger }): Resources {
  const targetNames = Object.keys(config.targets).sort();
  return {
    log,
    redact,
    rememberSecret,
    targetNames,
    target: (name) => targetOf(name, named('target', name, config.targets), config.secrets),
    store: (name): Store => ({ name, ...named('store', name, config.stores) }),
    webhook: (name) => webhookOf(name, named('webhook', name, config.webhooks), config.secrets),
    commands: config.commands,
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
    ...(config.file === undefined ? {} : { selfCommand: selfCommand(config.file, config.secrets.env) }),
  };
}

/** Every secret reference that cannot be resolved now, each with what to do; resolving also makes it known to `redact`. */
export function secretProblems(config: Config): readonly string[] {
  const references: readonly (SecretRef | undefined)[] = [
    ...Object.values(config.targets).flatMap(secretsOf),
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

function secretsOf(target: TargetConfig): readonly (SecretRef | undefined)[] {
  if ('postgres' in target) return [target.postgres, target.probeAs];
  if ('mongodb' in target) return [target.mongodb, target.probeAs];
  return 'http' in target ? [target.auth] : [];
}

function targetOf(name: string, target: TargetConfig, secrets: SecretSource): Target {
  if ('postgres' in target) {
    const { postgres, probeAs } = target;
    return {
      kind: 'postgres',
      name,
      url: () => postgresAddress(postgres, secrets),
      ...(probeAs === undefined ? {} : { probeAs: () => postgresAddress(probeAs, secrets) }),
    };
  }
  if ('mongodb' in target) {
    const { mongodb, probeAs } = target;
    return {
      kind: 'mongodb',
      name,
      url: () => mongoAddress(mongodb, secrets),
      ...(probeAs === undefined ? {} : { probeAs: () => mongoAddress(probeAs, secrets) }),
    };
  }
  if ('envFile' in target) return { kind: 'env-file', name, path: target.envFile };
  if ('secretStore' in target) return { kind: 'secret-store', name, file: target.secretStore };
  if ('log' in target) return { kind: 'log', name, path: target.log };
  if ('service' in target) {
    const { current, builds, restart, stop, health } = target.service;
    return { kind: 'service', name, current, builds, restart, ...(stop === undefined ? {} : { stop }), health };
  }
  const { http, auth } = target;
  return {
    kind: 'http',
    name,
    base: http,
    ...(auth === undefined ? {} : { authorization: () => resolveSecret(auth, secrets) }),
  };
}

function webhookOf(
  name: string,
  { url, secret }: { readonly url: SecretRef; readonly secret?: SecretRef | undefined },
  secrets: SecretSource,
): Webhook {
  return {
    name,
    url: () => resolveSecret(url, secrets),
    ...(secret === undefined ? {} : { secret: () => resolveSecret(secret, secrets) }),
  };
}

function postgresAddress(ref: SecretRef, secrets: SecretSource): string {
  const value = resolveSecret(ref, secrets).trim();
  if (/^postgres(ql)?:\/\//.test(value)) return value;
  throw new CutoverError(
    'Misconfigured',
    `The secret ${ref} is not a PostgreSQL address; give it the form postgresql://role:password@host:port/database.`,
  );
}

/** Several hosts may stand in it, so that it is no URL to a URL parser. */
function mongoAddress(ref: SecretRef, secrets: SecretSource): string {
  const value = resolveSecret(ref, secrets).trim();
  rememberSecret(value);
  const form = 'mongodb://user:password@host:port/database, or mongodb+srv://';
  if (!/^mongodb(\+srv)?:\/\/[^/?#]+/.test(value)) {
    throw new CutoverError('Misconfigured', `The secret ${ref} is not a MongoDB address; give it the form ${form}.`);
  }
  // Without one the driver would take "test", and a cutover must not guess its database.
  if (!/^mongodb(\+srv)?:\/\/[^/?#]+\/[^/?#]+/.test(value)) {
    throw new CutoverError(
      'Misconfigured',
      `The MongoDB address of the secret ${ref} names no database; give it the form ${form}.`,
    );
  }
  return value;
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
