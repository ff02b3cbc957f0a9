import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { examplePath } from './paths';

/** The folder that stands for the application's host: /srv/mk-proptech. */
export interface AppRoot {
  readonly root: string;
  /** `.env.production`, mode 0600; read by appctl.py and by whatever the runbook sources it for. */
  readonly envFile: string;
  /** The copied appctl.py. */
  readonly appctl: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface AppRootOptions {
  /** An address as the application's own user. */
  readonly mongoUrl: string;
  readonly database: string;
  /** Overrides and additions, e.g. INITIAL_ADMIN_EMAIL. Before the cutover there is no DEFAULT_TENANT_ID. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Copies both releases and appctl.py to `root` and writes its environment file; `appctl.py use RELEASE` is still to be said. */
export async function layOutApp(root: string, options: AppRootOptions): Promise<AppRoot> {
  const skipCaches = (source: string): boolean => !/__pycache__|\.pytest_cache/.test(source);
  await mkdir(join(root, 'run'), { recursive: true });
  await cp(examplePath('app', 'releases'), join(root, 'releases'), { recursive: true, filter: skipCaches });
  const appctl = join(root, 'appctl.py');
  await cp(examplePath('app', 'appctl.py'), appctl);
  const env = {
    MONGO_URL: options.mongoUrl,
    DB_NAME: options.database,
    USE_IN_MEMORY_DB: 'false',
    RUN_DIR: join(root, 'run'),
    ...options.env,
  };
  const envFile = join(root, '.env.production');
  await writeFile(envFile, environmentFile(env), { mode: 0o600 });
  return { root, envFile, appctl, env };
}

/** As people keep such files: comments, and values with spaces in quotes. */
export function environmentFile(env: Readonly<Record<string, string>>): string {
  const lines = Object.entries(env).map(([name, value]) => `${name}=${/\s/.test(value) ? `"${value}"` : value}`);
  return ['# mk-proptech, production', '# Kept by the backend engineer on duty.', ...lines, ''].join('\n');
}
