import type { Db } from 'mongodb';
import type { Resources } from '../../resources';

/** What a fence stands on. */
export interface FenceGround {
  /** The application's database, as the tool's own user. */
  readonly db: Db;
  readonly tables: readonly string[];
  /** The application's user, by name; absent = the target has no `probeAs`. */
  readonly app?: AppUser;
  readonly resources: Resources;
  readonly signal: AbortSignal;
}

export interface AppUser {
  readonly user: string;
  /** The database that the user belongs to. */
  readonly db: string;
}
