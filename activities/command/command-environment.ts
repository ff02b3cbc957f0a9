import { CutoverError } from '../../src/core/failure';
import { readEnvFile } from '../configure/env-values';
import type { EnvFileTarget, Resources } from '../resources';

export interface CommandEnvironment {
  readonly variables: Readonly<Record<string, string>>;
  /** Values that its output must not show. */
  readonly hidden: readonly string[];
}

/**
 * What a program gets to know: PATH, HOME and LANG, the variables that the worker's config lets through, and those of an
 * env file. The file is parsed, never sourced: no shell, no history, no list of processes sees its values.
 */
export async function commandEnvironment(
  resources: Resources,
  envTarget: string | undefined,
  extra: Readonly<Record<string, string>> = {},
): Promise<CommandEnvironment> {
  const passed = ofWorker(['PATH', 'HOME', 'LANG', ...resources.commands.env]);
  const filed = envTarget === undefined ? {} : await readEnvFile(envFile(resources, envTarget));
  const known = { ...ofWorker(resources.commands.env), ...filed };
  for (const [name, value] of Object.entries(known)) {
    if (SECRET_NAME.test(name) || WITH_PASSWORD.test(value)) resources.rememberSecret(value);
  }
  const plain = new Set(['PATH', 'HOME', 'LANG', 'USER', 'PWD']);
  return {
    variables: { LANG: 'C.UTF-8', ...passed, ...filed, ...extra },
    hidden: Object.entries(known).flatMap(([name, value]) => (plain.has(name) ? [] : [value])),
  };
}

function envFile(resources: Resources, name: string): EnvFileTarget {
  const target = resources.target(name);
  if (target.kind === 'env-file') return target;
  throw new CutoverError(
    'Misconfigured',
    `Target "${name}" is of kind ${target.kind}; the environment of a command comes from an envFile target.`,
  );
}

/** Those of its own variables that are set. */
export function ofWorker(names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Everything in the file is kept out of this command's output; these are kept out of every text of the worker. */
const SECRET_NAME = /SECRET|TOKEN|PASSW|PWD|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY|AUTH|SALT|DSN/i;
const WITH_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#]*:[^\s/?#]*@/i;
