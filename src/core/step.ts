import type { Rule, Fill, Captured, Actor, Expectation, LookedUp, Membership } from './tenancy-args';
import type { Phase } from './phase';
import type { FreezeArgs } from './freeze-args';
import type { AggregateQuestion, ObserveArgs } from './observe-args';
import type { CommandSpec, CommandStepArgs, ConfigArgs, DeployArgs, HttpStepArgs } from './outside-args';
import type { TableNeeds, WatchQuery } from './table-args';
import type { PreflightArgs } from './preflight-args';

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
    readonly fill?: Fill;
  };
  /** The tenant key's column and the stamping of rows that forget it. Undo is the unstamping of docs/rollback.md. */
  readonly key: {
    readonly table: string;
    readonly column: string;
    readonly type: string;
    readonly tenant: Captured;
    /** Where the rows have several tenants: the column begins empty, and rows to come are stamped by it. */
    readonly rule?: LookedUp;
  };
  /** A foreign key, added NOT VALID and then validated. */
  readonly reference: {
    readonly table: string;
    readonly column: string;
    readonly references: { readonly table: string; readonly column: string };
    readonly name: string;
  };
  /** An index built while the application writes. `columns` may carry a direction: `created_at desc`. */
  readonly index: {
    readonly table: string;
    readonly name: string;
    readonly columns: readonly string[];
    readonly unique?: boolean;
    /** An index that is there: filter, collation and sparseness are taken from it. */
    readonly like?: string;
  };
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
  readonly required: {
    readonly table: string;
    readonly column: string;
    readonly name: string;
    /** Rows that came without a key since are stamped by it first. */
    readonly rule?: LookedUp;
  };
  /** An aggregation of the plan over one collection and what it must answer. */
  readonly aggregate: AggregateQuestion & { readonly as: readonly Actor[] };
  /** Slow statements are recorded for the time of the run; what was set before is captured and put back. Milliseconds. */
  readonly profiling: ({ readonly slowMs: number } | { readonly restore: string }) & {
    /** Where what was recorded is kept, without anybody's values. */
    readonly store: string;
  };
  /** Rows and their named columns into the store, as CSV and JSON: what people compare with afterwards. Captures `digest`. */
  readonly export: ExportArgs;
  /** The rows of that export again; a difference is named and fails. */
  readonly diff: { readonly export: string };
  /** A program of the worker's allow-list, and the proof that it did what it was for. */
  readonly command: CommandStepArgs;
  /** A request that changes something outside: a CDN purge, a switch of another service. */
  readonly http: HttpStepArgs;
  /** Values of an env file or a secret store: captured and written beside, inert until the switch makes them live. */
  readonly config: ConfigArgs;
  /** Removes keys of an env file or secret store, once `after` has proved that they are needed no longer. */
  readonly unconfig: { readonly keys: readonly string[]; readonly after?: CommandSpec };
  /** A build of a service: the one that runs is captured, the new one started and waited for. Undo = the captured one. */
  readonly deploy: DeployArgs;
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
    readonly tables: readonly { readonly table: string; readonly column: string; readonly rule?: LookedUp }[];
    /** Why the stamping trigger stays although contract is done; absent = it is dropped. */
    readonly keepStamping?: string;
    /** How often rows still forgot their key when observe began (captured there); needed to drop the stamping. */
    readonly baseline?: Captured;
    /** After a refusal: how long the counters must stand still before a retry drops it. Milliseconds. */
    readonly stillForMs?: number;
    readonly members?: Membership;
    /** Indexes that others have replaced. */
    readonly drops?: readonly { readonly table: string; readonly name: string }[];
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

export interface TableShape {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly foreignKey: string;
  /** Its CHECK; empty where that comes only right before the freeze. */
  readonly required: string;
  readonly indexes: readonly string[];
}

export interface ExportArgs {
  readonly name: string;
  readonly table: string;
  readonly columns: readonly string[];
  /** The column that identifies a row in the comparison. */
  readonly key: string;
  readonly store: string;
}
