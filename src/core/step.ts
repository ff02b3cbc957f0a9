import type { Json } from './json';
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
    readonly fill?: Fill;
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
  readonly required: { readonly table: string; readonly column: string; readonly name: string };
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
  /** Values of an env file or a secret store: captured and written beside, inert until the freeze makes them live. */
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
    readonly tables: readonly { readonly table: string; readonly column: string }[];
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

/** A value that an earlier step captured, resolved inside the activity: `${steps.<step>.<name>}`. */
export interface Captured {
  readonly step: string;
  readonly name: string;
}

/** Who asks: the tool as a member of the tables' owner, or the application's own role on a connection of its own. */
export type Actor = 'owner' | 'app';

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
    }
  | {
      readonly kind: 'walk';
      /** Column of the row that refers to a row which has its tenant already. */
      readonly by: string;
      readonly to: { readonly table: string; readonly column: string; readonly key: string };
      readonly otherwise?: Captured;
    };

/** Columns that the tool fills as the application's own model would: a new UUID, the time, the time as ISO text, or null. */
export type Fill = Readonly<Record<string, 'uuid' | 'now' | 'now-iso' | 'null'>>;

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
  /** What the application says about itself, compared with the plan: its tenant collections, roles, and models. */
  readonly model?: ModelCheck;
  /** How long the run is expected to take; the server must remember changes for three times as long. Milliseconds. */
  readonly expectedMs?: number;
  /** Indexes that will be unique with the tenant key, and those they replace. */
  readonly uniques?: readonly UniqueWithTenant[];
  /** Indexes that stay unique over all tenants, and are meant to. */
  readonly globalUniques?: readonly { readonly table: string; readonly name: string }[];
  /** Logs whose errors are counted from here on: what observe compares with. Captured as `log:<target>`. */
  readonly logs?: readonly string[];
}

export interface UniqueWithTenant {
  readonly table: string;
  readonly name: string;
  readonly columns: readonly string[];
  /** The old unique index, dropped in contract. */
  readonly replaces?: string;
}

/** The program prints one JSON object; see docs/plan-file.md, `tenancy.model`. */
export interface ModelCheck {
  readonly command: CommandSpec;
  readonly tables: readonly string[];
  readonly roles?: Readonly<Record<string, string>>;
  readonly tenant: { readonly values: Readonly<Record<string, string>>; readonly fill: Fill };
  readonly membership?: { readonly columns: readonly string[]; readonly fill: Fill };
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

export type FreezeArgs = QueueFreeze | RefuseFreeze;

/** Readers and writers wait, none is refused. */
export interface QueueFreeze {
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

/** The application's writes are refused until the switch is proved, or `until` has passed. */
export interface RefuseFreeze {
  readonly mode: 'refuse';
  readonly tables: readonly { readonly table: string; readonly column: string; readonly rule: Rule }[];
  readonly members?: Membership;
  readonly fence: FenceSpec;
  /** Writers that the fence does not reach: stopped first, proved quiet, started again at the end. */
  readonly quiet: readonly Quiet[];
  /** In this order; undone in reverse. */
  readonly switch: readonly SwitchAct[];
  /** Asked after the switch, before writes flow again. */
  readonly prove: readonly Probe[];
  /** From the fence to the opening; past it the fence opens to the old shape. Milliseconds. */
  readonly budgetMs: number;
  /** How long the other writers are watched for silence. Milliseconds. */
  readonly quietMs: number;
  /** The downtime that people were told of; shown beside the one that was measured. Milliseconds. */
  readonly announcedMs?: number;
}

/** What refuses the application's writes. */
export type FenceSpec =
  /** The application's user loses its roles: at once on open connections. */
  | { readonly mechanism: 'role' }
  /** A validator that nothing satisfies: inserts and updates; deletes go on. */
  | { readonly mechanism: 'validator' }
  /** setUserWriteBlockMode: every user without the bypass privilege, on the whole cluster. */
  | { readonly mechanism: 'write-block' }
  /** The application's own read-only switch, with a request that proves it. */
  | { readonly mechanism: 'hook'; readonly close: CommandSpec; readonly open: CommandSpec };

export interface Quiet {
  readonly name: string;
  readonly stop: CommandSpec;
  readonly start: CommandSpec;
}

export type SwitchAct =
  /** Values that an earlier step of kind `config` has staged. */
  { readonly act: 'config'; readonly step: string } | { readonly act: 'deploy'; readonly deploy: DeployArgs };

/** A program of the worker's allow-list, by its argv: no shell reads it. */
export interface CommandSpec {
  readonly argv: readonly string[];
  /** Folder, relative to the worker's `commands.cwd`. */
  readonly cwd?: string;
  /** An env-file target whose variables the program gets, beside those that the worker's config lets through. */
  readonly env?: string;
  /** A host of the worker's config that runs it, over ssh. */
  readonly via?: string;
  readonly timeoutMs: number;
}

export interface CommandStepArgs {
  readonly run: CommandSpec;
  /** Text that its output must contain. */
  readonly contains?: string;
  /** Reads reality before and after: exit code 0 = done already, nothing is run. */
  readonly verify?: CommandSpec;
  readonly undo?: CommandSpec;
}

export interface HttpStepArgs {
  readonly request: HttpRequestSpec;
  readonly expect: HttpExpectation;
  readonly undo?: HttpRequestSpec;
}

export interface HttpRequestSpec {
  readonly target: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
}

export interface HttpExpectation {
  readonly status: number;
  readonly contains?: string;
  /** Text that the body must not contain: what belongs to somebody else. */
  readonly lacks?: string;
}

export interface ConfigArgs {
  /** Keys and values, none of them secret; the step's target is the env file or secret store. */
  readonly set: Readonly<Record<string, string>>;
}

export interface DeployArgs {
  /** A service of the worker's config. */
  readonly service: string;
  readonly build: string;
  /** How long it may take until it is healthy. Milliseconds. */
  readonly timeoutMs: number;
}

export interface ExportArgs {
  readonly name: string;
  readonly table: string;
  readonly columns: readonly string[];
  /** The column that identifies a row in the comparison. */
  readonly key: string;
  readonly store: string;
}

export interface AggregateQuestion {
  readonly table: string;
  /** Stages as extended JSON. `$out`, `$merge`, `$where` and `$function` are refused. */
  readonly pipeline: readonly Json[];
  readonly expect: Expectation;
}

export type Probe =
  | {
      readonly kind: 'http';
      readonly name: string;
      readonly target: string;
      readonly path: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly expect: HttpExpectation;
      readonly timeoutMs: number;
    }
  | {
      readonly kind: 'sql';
      readonly name: string;
      readonly sql: string;
      readonly expect: Expectation;
      readonly as: Actor;
    }
  | (AggregateQuestion & { readonly kind: 'aggregate'; readonly name: string; readonly as: Actor })
  /** The lines that were added to a log of the application, read where the worker's config says it is. */
  | {
      readonly kind: 'log';
      readonly name: string;
      readonly target: string;
      /** A line that contains one of these is an error. */
      readonly errors: readonly string[];
      /** More of them than so many times the rate before the cutover is a failure. */
      readonly factor: number;
      /** The preflight step that has captured where the log ended. */
      readonly baseline: string;
    }
  /** The database server's own word about itself: reachable, primary, its assertions and queues. */
  | { readonly kind: 'server'; readonly name: string };

export interface ObserveArgs {
  readonly forMs: number;
  readonly everyMs: number;
  readonly failures: number;
  readonly of: number;
  readonly then: 'hold' | 'rollback' | 'notify';
  readonly probes: readonly Probe[];
  /** Tables whose rows are stamped: whoever still forgets the key is counted from the start of observe (capture `forgotten`). */
  readonly stamped?: readonly { readonly table: string; readonly column: string }[];
  /** Logs whose lines since preflight are kept in a store, beside the backup. */
  readonly keep?: { readonly store: string; readonly logs: readonly string[]; readonly baseline: string };
  /** New indexes, `schema.name`: how often they were used is shown at the end. */
  readonly indexes?: readonly string[];
}
