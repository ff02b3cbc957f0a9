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
  /** Re-read from disk at every call: whoever was removed does not count from then on. */
  people(): Promise<People>;
  /** Takes out of a text whatever must not leave the worker. */
  redact(text: string): string;
  readonly allow: { readonly unsignedInProduction: boolean };
  /** Where the worker looks for pg_dump and pg_restore before PATH; absent = PATH and the usual places. */
  readonly postgresBin?: string;
}

export type Target = PostgresTarget | HttpTarget;

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
