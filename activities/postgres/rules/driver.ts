import type { Json } from '../../../src/core/json';
import type { Captured } from '../../../src/core/tenancy-args';
import type { RuleDriver } from '../../rule';
import type { PgSession } from '../context';

/** The condition that a row `t` is in the window, and the values of its parameters from $1 on. */
export interface SqlWindow {
  readonly sql: string;
  readonly values: readonly string[];
  /** Type of the key's column. */
  readonly type: string;
}

export interface PgRule extends RuleDriver<PgSession, SqlWindow> {
  /** Rows of the table when it was counted last. */
  rows(): number;
  /** Where the rule gives every row the same. */
  readonly only?: string;
}

export interface RuleOf {
  readonly table: string;
  readonly column: string;
}

/** Resolves the tenants that the rules name, so that drivers need no captures. */
export interface Captures {
  captured<T extends Json>(reference: Captured): Promise<T>;
}
