import type { Digest } from './json';
import type { CompiledPlan } from './plan';
import type { RunState } from './state';

/** What `start` sends. Nothing in it is secret; people and addresses come from the worker. */
export interface RunInput {
  readonly plan: CompiledPlan;
  readonly planDigest: Digest;
  readonly requestedBy: string;
  /** Why the last run of this plan was rolled back: without it preflight refuses to go on after a rollback. */
  readonly rootCause?: string;
  readonly tuning?: Tuning;
  /** Goes on with a run whose workflow is gone: its state is folded from the ledger. */
  readonly adopt?: { readonly run: string; readonly by: string };
  /** Carried over by continue-as-new. */
  readonly resume?: RunState;
}

/** Intervals, so that tests run in real time with small values. Milliseconds. */
export interface Tuning {
  /** A worker that is silent for so long is given up and another one goes on. */
  readonly heartbeatMs?: number;
  /** First pause between two attempts of an activity. */
  readonly retryMs?: number;
  /** History events after which the run continues as new, when the server has not suggested it before. */
  readonly continueAfterEvents?: number;
  /** Attempts before the run parks. */
  readonly attempts?: number;
}

export const DEFAULT_TUNING = { heartbeatMs: 15_000, retryMs: 1_000, attempts: 5 } satisfies Tuning;
