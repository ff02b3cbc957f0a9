import type { Decision } from './decision';
import type { Evidence } from './evidence';
import type { Digest, Json } from './json';
import type { CompiledPlan, GateSpec } from './plan';
import type { Step, StepKind, StepOf, Verb } from './step';
import type { Tick } from './tick-made';

/** The place in the hash chain that the next row must follow. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

export const EMPTY_HEAD: Head = { seq: 0, hash: 'genesis' };

/** Who this run is; the same in every verb. */
export interface RunRef {
  /** `<plan>.<8 hex>`: unique per start of a workflow, short enough for application_name. */
  readonly id: string;
  readonly plan: string;
  readonly planDigest: Digest;
  readonly home: string;
}

/** Something that happened between verbs (a decision, a pause, a retry) and waits for its row: one writer, the next verb. */
export interface LedgerNote {
  /** Unique within the run: a retry of the verb appends it once. */
  readonly id: string;
  readonly event: NoteEvent;
  readonly at: string;
  readonly body: Json;
}

export type NoteEvent = 'gate-opened' | 'gate-closed' | 'decision' | 'operator' | 'parked' | 'reminder' | 'finished';

/** The decisions that allow a gated phase: checked again by the activity, against the people file on its own disk. */
export interface Authority {
  readonly phase: string;
  readonly gate: GateSpec;
  readonly nonce: string;
  readonly evidenceDigest: Digest;
  readonly requestedBy: string;
  readonly decisions: readonly Decision[];
}

/** One verb of one step: one activity. */
export interface VerbInput<K extends StepKind = StepKind> {
  readonly run: RunRef;
  readonly step: StepOf<K>;
  readonly verb: Verb;
  /** 1, and one more for every time an operator asked to try again. */
  readonly round: number;
  readonly expect: Head;
  readonly notes: readonly LedgerNote[];
  readonly authority?: Authority;
  /** Of a manual step. */
  readonly tick?: Tick;
  /** Only with the first verb of a run: becomes the ledger's first row. */
  readonly plan?: CompiledPlan;
  readonly log?: CompiledPlan['log'];
}

export interface VerbResult {
  readonly evidence: Evidence;
  readonly head: Head;
  /** Milliseconds on the worker, and those of them spent waiting for the database. */
  readonly ms: number;
  readonly sqlMs?: number;
}

/** What `facts` answers in under a second: the part of a gate's evidence that must still hold when the phase starts. */
export interface Facts {
  /** Digested: a difference reopens the gate. Flat, so that the difference has a name. */
  readonly material: Readonly<Record<string, string>>;
  /** Shown beside it: row counts and sizes move while people think. */
  readonly shown: Readonly<Record<string, string>>;
}

export interface FactsInput {
  readonly run: RunRef;
  readonly phase: string;
  readonly tables: readonly string[];
  readonly backupStep?: string;
  readonly backupMaxAgeMs?: number;
  readonly freeze?: Step;
}
