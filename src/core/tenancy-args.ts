/**
 * How a row's tenant follows. Whatever the kind, a rule predicts its rows, applies itself in windows, and proves itself
 * by recomputing; a row whose tenant it cannot tell is named and never defaulted in silence.
 */
export type Rule =
  | { readonly kind: 'constant'; readonly tenant: Captured }
  | {
      readonly kind: 'mapping';
      /** Column of the row whose value is looked up. */
      readonly by: string;
      readonly in: { readonly table: string; readonly from: string; readonly to: string };
      /** The tenant of rows that the mapping does not know; absent = they are refused. */
      readonly otherwise?: Captured;
      readonly registry?: RegistryKey;
    }
  | {
      readonly kind: 'walk';
      /** Column of the row that refers to a row which has its tenant already. */
      readonly by: string;
      readonly to: { readonly table: string; readonly column: string; readonly key: string };
      readonly otherwise?: Captured;
      readonly registry?: RegistryKey;
    };

/** A rule by which rows of one table have several tenants. */
export type LookedUp = Exclude<Rule, { readonly kind: 'constant' }>;

/** A tenant that is not there is none. */
export interface RegistryKey {
  readonly table: string;
  readonly id: string;
}

export function isLookedUp(rule: Rule): rule is LookedUp {
  return rule.kind !== 'constant';
}

/** The table, its column that `by` is compared with, and the column of the tenant. */
export function lookupOf(rule: LookedUp): { readonly table: string; readonly from: string; readonly to: string } {
  return rule.kind === 'mapping' ? rule.in : { table: rule.to.table, from: rule.to.column, to: rule.to.key };
}

/** Columns that the tool fills as the application's own model would: a new UUID, the time, the time as ISO text, or null. */
export type Fill = Readonly<Record<string, 'uuid' | 'now' | 'now-iso' | 'null'>>;

/** A value that an earlier step captured, resolved inside the activity: `${steps.<step>.<name>}`. */
export interface Captured {
  readonly step: string;
  readonly name: string;
}

/** Who asks: the tool as a member of the tables' owner, or the application's own role on a connection of its own. */
export type Actor = 'owner' | 'app';

/** Exactly one of the fields is set. `value`: the first column of the only row, as text. */
export type Expectation = { readonly rows: number } | { readonly value: string } | { readonly atLeast: number };

export interface Membership {
  readonly table: string;
  readonly user: string;
  readonly tenant: string;
  readonly roleColumn: string;
  /** What everybody gets whom `roles` does not name. */
  readonly role: string;
  /** The user's own role, read from `column`, to the role of the membership. */
  readonly roles?: { readonly column: string; readonly map: Readonly<Record<string, string>> };
  /** The tenant of users that have no key of their own; absent = they are without membership, which fails the proof. */
  readonly otherwise?: Captured;
  /** Further columns that are the same in every membership, such as a status. */
  readonly values?: Readonly<Record<string, string>>;
  readonly fill?: Fill;
  readonly from: { readonly table: string; readonly column: string; readonly key: string };
}
