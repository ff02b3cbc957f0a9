import type { AdoptedTable, WatchQuery, UniqueWithTenant } from './table-args';
import type { FenceSpec, FlagSwitch } from './freeze-args';
import type { CommandSpec } from './outside-args';
import type { Fill, LookedUp } from './tenancy-args';

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
  /** Tables whose rows have several tenants. */
  readonly rules?: readonly { readonly table: string; readonly rule: LookedUp }[];
  /** Collections that the backup leaves out. */
  readonly excluded?: readonly string[];
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
  /** What refuses the writes in the freeze: the tool's rights to it are asked for beforehand. */
  readonly fence?: FenceSpec['mechanism'];
  /** Logs whose errors are counted from here on: what observe compares with. Captured as `log:<target>`. */
  readonly logs?: readonly string[];
}

/** The program prints one JSON object; see docs/plan-file.md, `tenancy.model`. */
export interface ModelCheck {
  readonly command: CommandSpec;
  readonly tables: readonly string[];
  readonly roles?: Readonly<Record<string, string>>;
  readonly tenant: { readonly values: Readonly<Record<string, string>>; readonly fill: Fill };
  readonly membership?: { readonly columns: readonly string[]; readonly fill: Fill };
}
