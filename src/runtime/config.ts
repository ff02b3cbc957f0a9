import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { CONFIG_KEYS, configSchema } from './config-schema';
import { FileProblems } from './problem';
import { schemaProblems } from './schema-problems';
import type { SecretRef, SecretSource } from './secrets';
import { temporalSettings, type TemporalSettings } from './temporal-settings';
import { readYamlFile } from './yaml-file';

/** The worker's side of a plan. Paths are absolute, durations milliseconds, secrets still references. */
export interface Config {
  /** Undefined when there is no file and the defaults hold. */
  readonly file: string | undefined;
  readonly secrets: SecretSource;
  readonly temporal: TemporalSettings;
  readonly taskQueue: string;
  readonly targets: Readonly<Record<string, TargetConfig>>;
  readonly stores: Readonly<Record<string, { readonly dir: string; readonly retainMs?: number }>>;
  readonly webhooks: Readonly<Record<string, { readonly url: SecretRef; readonly secret?: SecretRef | undefined }>>;
  /** Programs that steps may run, the folder they run in, and the variables they get: nothing else is inherited. */
  readonly commands: {
    readonly allow: readonly string[];
    readonly cwd: string;
    readonly env: readonly string[];
    readonly hosts: Readonly<Record<string, string>>;
  };
  readonly allow: { readonly unsignedInProduction: boolean };
  readonly people: string;
  readonly postgresBin?: string;
  readonly artifacts?: string;
}

export type TargetConfig =
  | { readonly postgres: SecretRef; readonly probeAs?: SecretRef | undefined }
  | { readonly mongodb: SecretRef; readonly probeAs?: SecretRef | undefined }
  | { readonly http: string; readonly auth?: SecretRef | undefined }
  | { readonly envFile: string }
  | { readonly secretStore: string }
  | { readonly service: ServiceConfig }
  | { readonly log: string };

export interface ServiceConfig {
  readonly current: string;
  readonly builds: string;
  readonly restart: readonly string[];
  readonly stop?: readonly string[] | undefined;
  readonly health: { readonly target: string; readonly path: string };
}

export const CONFIG_FILE = 'cutover.config.yaml';

export interface LoadConfig {
  /** Named by the user: must exist. Without it `cutover.config.yaml` in `cwd`, or the defaults. */
  readonly file?: string | undefined;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Reads the worker's file and the environment. No secret is resolved here: the CLI reads the same file for the address
 * of Temporal alone and may have none of them.
 *
 * @throws FileProblems with every problem at once.
 */
export async function loadConfig({ file, cwd, env }: LoadConfig): Promise<Config> {
  const path = file !== undefined ? resolve(cwd, file) : existing(resolve(cwd, CONFIG_FILE));
  const raw = path === undefined ? {} : ((await readYamlFile(path)) ?? {});
  const parsed = configSchema.safeParse(raw);
  const shown = path ?? 'the environment';
  if (!parsed.success)
    throw new FileProblems(shown, schemaProblems({ error: parsed.error, value: raw, keys: CONFIG_KEYS }));
  const temporal = temporalSettings(parsed.data.temporal, env);
  if (!temporal.ok) throw new FileProblems(shown, temporal.problems);
  return compiled({
    path,
    dir: path === undefined ? cwd : dirname(path),
    data: parsed.data,
    temporal: temporal.settings,
    env,
  });
}

interface Parsed {
  readonly path: string | undefined;
  readonly dir: string;
  readonly data: z.output<typeof configSchema>;
  readonly temporal: TemporalSettings;
  readonly env: NodeJS.ProcessEnv;
}

function compiled({ path, dir, data, temporal, env }: Parsed): Config {
  const stores = Object.entries(data.stores).map(([name, store]) => [
    name,
    { dir: resolve(dir, store.dir), ...(store.retain === undefined ? {} : { retainMs: store.retain }) },
  ]);
  return {
    file: path,
    secrets: { env, dir },
    temporal,
    taskQueue: data.taskQueue,
    targets: Object.fromEntries(Object.entries(data.targets).map(([name, target]) => [name, located(dir, target)])),
    stores: Object.fromEntries(stores) as Config['stores'],
    webhooks: data.webhooks,
    commands: { ...data.commands, cwd: resolve(dir, data.commands.cwd ?? '.') },
    allow: data.allow,
    people: resolve(dir, data.people),
    ...(data.postgresBin === undefined ? {} : { postgresBin: resolve(dir, data.postgresBin) }),
    ...(data.artifacts === undefined ? {} : { artifacts: resolve(dir, data.artifacts) }),
  };
}

/** Its files, from the config's own folder. */
function located(dir: string, target: z.output<typeof configSchema>['targets'][string]): TargetConfig {
  if ('envFile' in target) return { envFile: resolve(dir, target.envFile) };
  if ('secretStore' in target) return { secretStore: resolve(dir, target.secretStore) };
  if ('log' in target) return { log: resolve(dir, target.log) };
  if ('service' in target) {
    const { service } = target;
    return { service: { ...service, current: resolve(dir, service.current), builds: resolve(dir, service.builds) } };
  }
  return target;
}

function existing(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}
