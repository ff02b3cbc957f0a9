import type { Phase } from './phase';

/**
 * The steps that a compiled plan consists of: one closed union by `kind`. Every kind answers the same questions
 * (describe, capture, do, undo) in the driver of its target's engine; nothing here knows which database that is.
 * Tables and collections are written `schema.name`; drivers quote.
 */
export interface StepArgs {
  /** Reads only, but for claiming the target in the tool's own schema. */
  readonly preflight: PreflightArgs;
  /** A consistent dump into a store of the worker's config, with a manifest from the same snapshot. */
  readonly backup: { readonly store: string; readonly exclude: readonly string[] };
  /** Restores that backup into scratch and compares it with the manifest. */
  readonly drill: { readonly backup: string; readonly scratch: string };
  /** A new table by the plan's own DDL, owned by the owner of `like`. Undo: refuse writes, archive the rows, compare, drop. */
  readonly table: {
    readonly table: string;
    readonly create: string;
    readonly file: string;
    readonly purpose: string;
    /** A table of the application that stands already: the new one gets its owner. */
    readonly like: string;
    /** What a table that is there already must offer to be adopted; absent = it is refused. */
    readonly needs?: TableNeeds;
  };
  /** The default tenant's row. Captures `tenant`, its id, write-once. */
  readonly registry: {
    readonly table: string;
    readonly id: string;
    readonly identify: string;
    readonly values: Readonly<Record<string, string>>;
  };
  /** The tenant key's column and the stamping of rows that forget it. Undo is the unstamping of docs/rollback.md. */
  readonly key: { readonly table: string; readonly column: string; readonly type: string; readonly tenant: Captured };
  /** A foreign key, added NOT VALID and then validated. */
  readonly reference: {
    readonly table: string;
    readonly column: string;
    readonly references: { readonly table: string; readonly column: string };
    readonly name: string;
  };
  /** An index built while the application writes. `columns` may carry a direction: `created_at desc`. */
  readonly index: { readonly table: string; readonly name: string; readonly columns: readonly string[] };
  /** The plan's own statements. Without `undo` the step is irreversible and its gate says so. */
  readonly statements: {
    readonly sql: string;
    readonly undo?: string;
    readonly file: string;
    readonly unsafe?: string;
    /** A table of the application that stands already: the statements run as its owner. */
    readonly like: string;
  };
  /** Stamps existing rows by rule, and proves by recomputing that none is left. */
  readonly stamp: { readonly table: string; readonly column: string; readonly rule: Rule };
  /** What the rollback of an earlier run kept in the archive is put back: tenants, memberships, keys. Captures `redone`. */
  readonly redo: {
    /** Whose: `latest`, or the id of a run of the same plan. */
    readonly archive: string;
    readonly registry: { readonly table: string; readonly id: string };
    readonly members?: Membership;
    readonly tables: readonly { readonly table: string; readonly column: string; readonly type: string }[];
    readonly tenant: Captured;
  };
  /** A membership for every user, those to come included. */
  readonly members: Membership;
  /** CHECK (key IS NOT NULL), added NOT VALID and then validated: makes NOT NULL free inside the freeze. */
  readonly required: { readonly table: string; readonly column: string; readonly name: string };
  /** A query of the plan and what it must answer. */
  readonly query: { readonly sql: string; readonly expect: Expectation; readonly as: readonly Actor[] };
  /** The plan's `watch` queries again, against the baselines that the step `baseline` captured as `watch:<name>`. */
  readonly compare: {
    readonly queries: readonly WatchQuery[];
    readonly baseline: string;
    /** `schema.name`; how often each was used is shown. */
    readonly indexes: readonly string[];
    readonly as: readonly Actor[];
  };
  /** Rows per tenant recomputed from the rule; no null, no foreign key, no user without membership. */
  readonly recount: {
    readonly tables: readonly { readonly table: string; readonly column: string; readonly rule: Rule }[];
    readonly registry: { readonly table: string; readonly id: string };
    readonly members?: Membership;
    /** What a redo put back: other tenants' rows that are right although the rule does not give them. */
    readonly redone?: Captured;
    readonly as: readonly Actor[];
  };
  /** The catalog: columns, constraints validated, indexes valid, triggers armed. */
  readonly shape: { readonly tables: readonly TableShape[] };
  /** Fence, sweep, switch, prove, open: one activity. Undo is the switch back. */
  readonly freeze: FreezeArgs;
  /** Probes for hours or days in one heartbeating activity. */
  readonly observe: ObserveArgs;
  /** Contract: what is dropped, and what stays for good and why. */
  readonly retire: {
    readonly tables: readonly { readonly table: string; readonly column: string }[];
    /** Why the stamping trigger stays although contract is done; absent = it is dropped. */
    readonly keepStamping?: string;
    /** How often rows still forgot their key when observe began (captured there); needed to drop the stamping. */
    readonly baseline?: Captured;
    /** After a refusal: how long the counters must stand still before a retry drops it. Milliseconds. */
    readonly stillForMs?: number;
    readonly members?: Membership;
  };
  /** Something only people can do: a named person with the role ticks it, with a text that proves it. */
  readonly manual: { readonly what: string; readonly role: string };
  /** Lets go of the target: the last act of a run that ended well. */
  readonly release: { readonly reason: string };
}

export type StepKind = keyof StepArgs;
export type Verb = 'do' | 'undo';

export interface StepOf<K extends StepKind> {
  /** Stable within a plan and readable: `expand/key-users`. */
  readonly id: string;
  readonly phase: Phase;
  readonly kind: K;
  /** The target's name in the worker's config. */
  readonly target: string;
  readonly args: StepArgs[K];
  /** One sentence; the summary of its activity in the Temporal UI. */
  readonly title: string;
  /** Why this step has no way back; absent = it can be undone. */
  readonly irreversible?: string;
}

/** The closed union: a `switch` on `kind` narrows `args`. */
export type Step = { [K in StepKind]: StepOf<K> }[StepKind];

/** A value that an earlier step captured, resolved inside the activity: `${steps.<step>.<name>}`. */
export interface Captured {
  readonly step: string;
  readonly name: string;
}

/** Who asks: the tool as a member of the tables' owner, or the application's own role on a connection of its own. */
export type Actor = 'owner' | 'app';

/** How a row's tenant follows. One kind today; every rule predicts its rows, applies itself, and proves itself. */
export type Rule = { readonly kind: 'constant'; readonly tenant: Captured };

/** Exactly one of the fields is set. `value`: the first column of the only row, as text. */
export type Expectation = { readonly rows: number } | { readonly value: string } | { readonly atLeast: number };

export interface Membership {
  readonly table: string;
  readonly user: string;
  readonly tenant: string;
  readonly roleColumn: string;
  readonly role: string;
  readonly from: { readonly table: string; readonly column: string; readonly key: string };
}

export interface PreflightArgs {
  readonly tables: readonly string[];
  readonly column: string;
  readonly type: string;
  /** Names that must not exist yet: tables, indexes, functions, triggers of this plan. */
  readonly creates: readonly string[];
  /** Those of them that may exist, when they are as the plan would make them. */
  readonly adopts?: readonly AdoptedTable[];
  readonly flag?: FlagSwitch;
  readonly scratch: string;
  readonly store: string;
  /** `none`, `latest` or a run: what becomes of the archive of an earlier run that was rolled back. */
  readonly redo?: string;
  /** A transaction older than this when asked stops the preflight; milliseconds. */
  readonly maxTransactionAgeMs: number;
  readonly watch: readonly WatchQuery[];
}

/** A table of the plan that somebody may have made before it. */
export interface AdoptedTable {
  readonly table: string;
  readonly create: string;
  readonly file: string;
  readonly needs: TableNeeds;
}

export interface TableNeeds {
  /** The columns that the tool gives values to in rows of its own. */
  readonly fills: readonly string[];
  /** Sets of columns that must be unique. */
  readonly unique: readonly (readonly string[])[];
}

export interface WatchQuery {
  readonly name: string;
  readonly sql: string;
  /** Default `same`: the rows must be those of before. `may-change` where the application's own writes move it. */
  readonly answer?: 'same' | 'may-change';
}

export interface TableShape {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly foreignKey: string;
  readonly required: string;
  readonly indexes: readonly string[];
}

/** A row of the application's own settings table that turns it from the old shape to the new. */
export interface FlagSwitch {
  readonly table: string;
  readonly keyColumn: string;
  readonly valueColumn: string;
  readonly key: string;
  readonly to: string;
}

export interface FreezeArgs {
  readonly mode: 'queue';
  /** Locked in this order: sorted, so that two freezes can never wait for each other. */
  readonly tables: readonly {
    readonly table: string;
    readonly column: string;
    readonly required: string;
    readonly rule: Rule;
  }[];
  readonly members?: Membership;
  readonly switch: FlagSwitch;
  /** From the first lock to the commit; past it everything is put back. Milliseconds. */
  readonly budgetMs: number;
  /** What all lock waits of one try may cost the application together; below deadlock_timeout. Milliseconds. */
  readonly stallMs: number;
  /** How long tries go on. Milliseconds. */
  readonly patienceMs: number;
}

export type Probe =
  | {
      readonly kind: 'http';
      readonly name: string;
      readonly target: string;
      readonly path: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly expect: { readonly status: number; readonly contains?: string };
      readonly timeoutMs: number;
    }
  | {
      readonly kind: 'sql';
      readonly name: string;
      readonly sql: string;
      readonly expect: Expectation;
      readonly as: Actor;
    };

export interface ObserveArgs {
  readonly forMs: number;
  readonly everyMs: number;
  readonly failures: number;
  readonly of: number;
  readonly then: 'hold' | 'rollback' | 'notify';
  readonly probes: readonly Probe[];
  /** Tables whose rows are stamped: whoever still forgets the key is counted from the start of observe (capture `forgotten`). */
  readonly stamped?: readonly { readonly table: string; readonly column: string }[];
  /** New indexes, `schema.name`: how often they were used is shown at the end. */
  readonly indexes?: readonly string[];
}
