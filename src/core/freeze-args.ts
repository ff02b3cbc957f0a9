import type { Probe } from './observe-args';
import type { CommandSpec, DeployArgs } from './outside-args';
import type { Membership, Rule } from './tenancy-args';

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
  /** Builds that steps of their own deploy before the freeze or after its commit: shown and bound at its gate. */
  readonly around?: readonly DeployArgs[];
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

/** A row of the application's own settings table that turns it from the old shape to the new. */
export interface FlagSwitch {
  readonly table: string;
  readonly keyColumn: string;
  readonly valueColumn: string;
  readonly key: string;
  readonly to: string;
}
