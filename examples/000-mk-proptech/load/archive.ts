import type { Document } from 'mongodb';

/** One value that a rollback has put away because the old application cannot hold it. */
export interface Archived {
  /** `_id` of the document it belongs to. */
  readonly id: unknown;
  /** The whole document, or the fields that were taken from it. */
  readonly value: Document;
}

/** Everything archived of one collection of the application. */
export type ArchiveLookup = (collection: string) => Promise<readonly Archived[]>;
