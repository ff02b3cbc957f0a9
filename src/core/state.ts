import type { Decision, NotCounted } from './decision';
import type { Verdict } from './evidence';
import type { Failure } from './failure';
import type { Digest } from './json';
import type { People } from './people';
import type { Phase } from './phase';
import type { CompiledPlan, Environment } from './plan';
import type { Tick } from './tick-made';
import type { Head, LedgerNote, RunRef } from './verb';

/**
 * All that a run knows of itself: small, plain and versioned; exactly what the status query answers and what
 * continue-as-new carries. Evidence in full lies in the ledger; here is its verdict and one sentence.
 */
export interface RunState {
  readonly schemaVersion: 1;
  readonly run: RunRef;
  readonly environment: Environment;
  readonly requestedBy: string;
  readonly startedAt: string;
  readonly status: RunStatus;
  readonly direction: 'forward' | 'back';
  readonly phase: Phase | 'rollback';
  readonly steps: readonly StepState[];
  readonly gates: readonly GateState[];
  readonly head: Head;
  readonly people: People;
  readonly hold?: Hold;
  /** Votes for a rollback after the cutover, until they are enough. */
  readonly rollbackVotes: readonly Decision[];
  /** Votes for skipping a parked step, bound to its round. */
  readonly skipVotes: readonly Decision[];
  /** Votes for giving an open gate more time. */
  readonly extendVotes?: readonly Decision[];
  /** Why the run turned back, and who asked. */
  readonly rollbackReason?: string;
  /** Messages that did not count; the newest 100. */
  readonly notCounted: readonly NotCounted[];
  /** Rows that wait for the next verb to write them. */
  readonly notes: readonly LedgerNote[];
  readonly noteSeq: number;
  /** Why it ended as it did, when it did not end well. */
  readonly endReason?: string;
  readonly endedAt?: string;
}

export type RunStatus =
  | 'running'
  | 'awaiting-approval'
  | 'awaiting-operator'
  | 'paused'
  | 'rolling-back'
  | 'done'
  | 'rolled-back'
  | 'refused'
  | 'aborted';

export const ENDED: readonly RunStatus[] = ['done', 'rolled-back', 'refused', 'aborted'];

export interface StepState {
  readonly id: string;
  readonly status: StepStatus;
  readonly round: number;
  readonly undoRound: number;
  readonly verdict?: Verdict;
  readonly summary?: string;
  readonly figures?: Readonly<Record<string, number | string>>;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly ms?: number;
  /** Of a manual step: who says that it is done, and what proves it. */
  readonly tick?: Tick;
  /** Hash of the ledger row that holds the evidence in full. */
  readonly evidenceHash?: string;
}

/** `not-reached` is what a pending step is called in a run that has ended. */
export type StepStatus = 'pending' | 'running' | 'done' | 'failed' | 'skipped' | 'undoing' | 'undone' | 'not-reached';

export interface GateState {
  readonly phase: Phase;
  readonly status: 'pending' | 'open' | 'approved' | 'passed' | 'rejected' | 'expired';
  readonly nonce?: string;
  readonly openedAt?: string;
  readonly deadline?: string;
  /** When people gave it its deadline, where the plan's did not suffice. */
  readonly extendedAt?: string;
  /** Reminders that have gone out. */
  readonly reminded?: number;
  /** Approved, and waiting for its window to open. */
  readonly waitsUntil?: string;
  /** What the approvers are shown and what their decision is bound to. */
  readonly evidence?: GateEvidence;
  readonly decisions: readonly Decision[];
  /** Why this gate asks again, when it does: the field that changed. */
  readonly reopened?: string;
}

export interface GateEvidence {
  readonly digest: Digest;
  readonly material: Readonly<Record<string, string>>;
  readonly shown: Readonly<Record<string, string>>;
}

/** Why the run stands still and what can be done. */
export interface Hold {
  readonly kind: 'paused' | 'parked';
  readonly reason: string;
  readonly at: string;
  readonly step?: string;
  readonly failure?: Failure;
  /** The words that go on from here: retry, rollback, abort, resume. */
  readonly options: readonly string[];
}

export interface StartFacts {
  readonly run: RunRef;
  readonly requestedBy: string;
  /** Why the last run of this plan was rolled back. */
  readonly rootCause?: string;
  readonly at: string;
  readonly people: People;
}

export function initialState(plan: CompiledPlan, start: StartFacts): RunState {
  const gated = Object.keys(plan.gates) as Phase[];
  return {
    schemaVersion: 1,
    run: start.run,
    environment: plan.environment,
    requestedBy: start.requestedBy,
    startedAt: start.at,
    status: 'running',
    direction: 'forward',
    phase: 'preflight',
    steps: plan.steps.map((s) => ({ id: s.id, status: 'pending', round: 1, undoRound: 1 })),
    gates: gated.map((phase) => ({ phase, status: 'pending', decisions: [] })),
    head: { seq: 0, hash: 'genesis' },
    people: start.people,
    rollbackVotes: [],
    skipVotes: [],
    notCounted: [],
    notes: [
      {
        id: 'n1',
        event: 'operator',
        at: start.at,
        body: {
          word: 'start',
          by: start.requestedBy,
          environment: plan.environment,
          ...(start.rootCause === undefined ? {} : { rootCause: start.rootCause }),
        },
      },
    ],
    noteSeq: 1,
  };
}

export function stepState(state: RunState, id: string): StepState {
  const step = state.steps.find((s) => s.id === id);
  if (!step) throw new Error(`The run ${state.run.id} has no step "${id}".`);
  return step;
}

export function gateState(state: RunState, phase: string): GateState | undefined {
  return state.gates.find((g) => g.phase === phase);
}
