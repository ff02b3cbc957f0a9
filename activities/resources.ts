import type { Logger } from 'pino';
import type { People } from '../src/core/people';

/**
 * What the worker knows and plans do not: addresses, credentials, folders. Secrets are behind functions and read when
 * used, so that no object that might be printed holds one.
 */
export interface Resources {
  readonly log: Logger;
  /** Throws Misconfigured, naming the targets there are. */
  target(name: string): Target;
  readonly targetNames: readonly string[];
  store(name: string): Store;
  /** Throws Misconfigured, naming the webhooks there are. */
  webhook(name: string): Webhook;
  readonly commands: Commands;
  /** Re-read from disk at every call: whoever was removed does not count from then on. */
  people(): Promise<People>;
  /** Takes out of a text whatever must not leave the worker. */
  redact(text: string): string;
  /** From now on `redact` takes this value out: a secret that the worker read from a file of a target. */
  rememberSecret(value: string): void;
  readonly allow: { readonly unsignedInProduction: boolean };
  /** Where the worker looks for pg_dump and pg_restore before PATH; absent = PATH and the usual places. */
  readonly postgresBin?: string;
  /** How this program is started again, as a process of its own; absent = it cannot be (a test's worker). */
  readonly selfCommand?: SelfCommand;
}

/** `<program> <args> <words of a command> <options>`, in `cwd`. No secret is among them: it reads the same config. */
export interface SelfCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly options: readonly string[];
  readonly cwd: string;
  /** Where its config finds `env:` secrets. */
  env(): Readonly<Record<string, string | undefined>>;
}

export type Target = DatabaseTarget | HttpTarget | EnvFileTarget | SecretStoreTarget | ServiceTarget | LogTarget;

/** What can be the home of a plan. */
export type DatabaseTarget = PostgresTarget | MongoTarget;

export interface MongoTarget {
  readonly kind: 'mongodb';
  readonly name: string;
  /** Connection string of the tool's own user; its path is the database. */
  url(): string;
  /** Connection string of the application's user, for probes. */
  probeAs?(): string;
}

/** A file of `KEY=value` lines that a program reads when it starts. */
export interface EnvFileTarget {
  readonly kind: 'env-file';
  readonly name: string;
  readonly path: string;
}

/** A store of secrets. `file` = a JSON object of mode 0600; others fit behind the same interface (configure/store.ts). */
export interface SecretStoreTarget {
  readonly kind: 'secret-store';
  readonly name: string;
  readonly file: string;
}

/** A service whose builds lie side by side, with a link to the one that runs. */
export interface ServiceTarget {
  readonly kind: 'service';
  readonly name: string;
  /** The symbolic link. */
  readonly current: string;
  /** Folder of the builds. */
  readonly builds: string;
  /** Programs of the allow-list. */
  readonly restart: readonly string[];
  readonly stop?: readonly string[];
  /** Asked until it answers 200 and names the build. */
  readonly health: { readonly target: string; readonly path: string };
}

/** A log file of the application. */
export interface LogTarget {
  readonly kind: 'log';
  readonly name: string;
  readonly path: string;
}

export interface Commands {
  /** Programs by name or path: nothing else is ever started for a plan. */
  readonly allow: readonly string[];
  /** Folder that commands run in and cannot leave. */
  readonly cwd?: string;
  /** Variables of the worker's own environment that commands get. */
  readonly env: readonly string[];
  /** ssh hosts by name: `user@host`, with options in the worker's own ssh config. */
  readonly hosts: Readonly<Record<string, string>>;
}

export interface Webhook {
  readonly name: string;
  url(): string;
  /** Signs the body, HMAC-SHA256. */
  secret?(): string;
}

export interface PostgresTarget {
  readonly kind: 'postgres';
  readonly name: string;
  /** Connection string of the tool's own role. */
  url(): string;
  /** Connection string of the application's role, for probes. */
  probeAs?(): string;
}

export interface HttpTarget {
  readonly kind: 'http';
  readonly name: string;
  readonly base: string;
  /** Value of the Authorization header. */
  authorization?(): string;
}

export interface Store {
  readonly name: string;
  readonly dir: string;
  /** How long backups are kept; milliseconds. */
  readonly retainMs?: number;
}
