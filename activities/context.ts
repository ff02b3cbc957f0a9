import type { Logger } from 'pino';
import type { Evidence } from '../src/core/evidence';
import type { Json } from '../src/core/json';
import type { CompiledPlan } from '../src/core/plan';
import type { Captured } from '../src/core/tenancy-args';
import type { StepArgs, StepKind, StepOf, Verb } from '../src/core/step';
import type { Tick } from '../src/core/tick-made';
import type { Authority, RunRef } from '../src/core/verb';

/** What every verb of every engine has at hand. Engines add their own ways to write (see postgres/context.ts). */
export interface VerbContext<K extends StepKind = StepKind> {
  readonly run: RunRef;
  readonly step: StepOf<K>;
  readonly args: StepArgs[K];
  readonly verb: Verb;
  /** 1, and one more for every time an operator asked to try again. Attempts of one round continue each other. */
  readonly round: number;
  /** Of this round, as Temporal counts them: 1, and one more for every attempt that failed or was lost with its worker. */
  readonly attempt: number;
  readonly authority?: Authority;
  /** Of a manual step: who says that it is done. */
  readonly tick?: Tick;
  readonly log: Logger;
  /** Aborts when the activity is cancelled, its worker shuts down, or its heartbeat timed out. */
  readonly signal: AbortSignal;
  /** What the Temporal UI and `status` show while the verb is under way. Cheap: call it as often as you like. */
  progress(progress: Progress): void;
  /**
   * Write-once: the first call of a run takes and stores the value, before the first change; every later one, in
   * whatever attempt, reads what the first one took. A retry can never take the changed value for the original.
   */
  capture<T extends Json>(name: string, take: () => Promise<T>): Promise<T>;
  /** What an earlier step captured. Throws Refused when it did not. */
  captured<T extends Json>(reference: Captured): Promise<T>;
}

export interface Progress {
  readonly doing: string;
  readonly done?: number;
  readonly total?: number;
  readonly unit?: string;
}

/** A step kind on one engine. `do` looks before it acts, so a second call is harmless; `undo` reads only what was captured. */
export interface StepHandler<K extends StepKind, C extends VerbContext<K> = VerbContext<K>> {
  readonly do: (context: C) => Promise<Evidence>;
  readonly undo: (context: C) => Promise<Evidence>;
}

export type RunLog = NonNullable<CompiledPlan['log']>;
