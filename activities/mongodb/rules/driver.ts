import type { Db, Document, Filter } from 'mongodb';
import type { Captured } from '../../../src/core/tenancy-args';
import type { RuleDriver } from '../../rule';

/** Which documents one call stamps: both conditions at once, on different fields. */
export interface Scope {
  /** On `_id`: a window, or the ids that a sweep found. */
  readonly within: Filter<Document>;
  /** On the key: that it is still as it was when the scope was made, so that whoever came in between wins. */
  readonly still: Filter<Document>;
}

export interface MongoRule extends RuleDriver<Db, Scope> {
  /** Fields of a document that `tenantsOf` needs; the key is not among them. */
  readonly reads: readonly string[];
  /** The tenant that the rule gives each of these documents; undefined = it cannot tell. */
  tenantsOf(db: Db, docs: readonly Document[]): Promise<readonly (string | undefined)[]>;
  /** Where the rule gives every document the same. */
  readonly only?: string;
}

export interface RuleOf {
  readonly table: string;
  readonly column: string;
  /** Documents that had a valid key before the run: those may differ from the rule, and nobody else's. */
  readonly had?: number;
  /** In a fence by validator only: the tool's own writes pass it. */
  readonly bypassValidation?: boolean;
}

/** What the captures of this run say that a reference stands for. */
export type TenantOf = (reference: Captured) => string;

/** A window of documents that never had the field. Those with a null, "" or another type are for the sweeps. */
export function absent(column: string): Filter<Document> {
  return { [column]: { $exists: false } };
}
