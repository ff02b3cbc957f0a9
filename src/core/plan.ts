import type { Phase } from './phase';
import type { Step } from './step';

/**
 * What a plan file compiles to: plain JSON, complete, its digest pinned at the start. Holds names of targets, never
 * addresses, credentials or shell.
 */
export interface CompiledPlan {
  readonly version: 1;
  readonly name: string;
  readonly environment: Environment;
  /** What kind of database home is: preview describes by it, and the worker refuses a home of another kind. */
  readonly engine: EngineName;
  /** The target whose database holds the run's ledger and claim. */
  readonly home: string;
  /** Every table the plan touches, `schema.name`; the catalog that gates freeze is of these. */
  readonly tables: readonly string[];
  readonly steps: readonly Step[];
  readonly gates: Readonly<Partial<Record<Phase, GateSpec>>>;
  readonly onFailure: Readonly<Partial<Record<Phase, 'hold' | 'rollback'>>>;
  /** The runbook's own log table, filled beside the ledger. */
  readonly log?: { readonly table: string; readonly phase: string };
  readonly notify?: readonly NotifySpec[];
  /** What approvers should know, the runbook's traps and how they are met; shown by preview. */
  readonly remarks: readonly string[];
}

export type EngineName = 'postgres' | 'mongodb';

/** Whom to tell of what. */
export interface NotifySpec {
  /** By its name in the worker's config. */
  readonly webhook: string;
  readonly on: readonly ('gate' | 'reminder' | 'parked' | 'frozen' | 'opened' | 'done')[];
  /** And how it stands, so often; milliseconds. */
  readonly everyMs?: number;
}

export type Environment = 'production' | 'staging' | 'new';

export interface GateSpec {
  readonly require: readonly Requirement[];
  /** From the gate's opening until it expires, milliseconds; absent = it waits for ever. */
  readonly expiresMs?: number;
  readonly onExpiry: 'hold' | 'abort' | 'rollback';
  readonly excludeRequester: boolean;
  /** The phase may start only within this window. */
  readonly window?: { readonly from: string; readonly to: string; readonly tz: string };
  /** The newest backup may not be older when the phase starts; milliseconds. */
  readonly backupMaxAgeMs?: number;
}

/** So many distinct people with this role. */
export interface Requirement {
  readonly role: string;
  readonly count: number;
}

export function stepOf(plan: CompiledPlan, id: string): Step {
  const step = plan.steps.find((s) => s.id === id);
  if (!step) throw new Error(`The plan "${plan.name}" has no step "${id}".`);
  return step;
}
