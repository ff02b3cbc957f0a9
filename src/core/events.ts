import type { Decision, NotCounted } from './decision';
import type { Failure } from './failure';
import type { People } from './people';
import type { Phase } from './phase';
import type { GateEvidence, Hold } from './state';
import type { Verb } from './step';
import type { Tick } from './tick-made';
import type { VerbResult } from './verb';

/** Everything that can change a run. `apply` is the only place where it does. */
export type RunEvent =
  /** `notesThrough`: the newest note that the verb was handed and has written. */
  | { readonly type: 'people-read'; readonly people: People }
  /** Only when a ledger is folded: which round the row was of. */
  | { readonly type: 'round'; readonly step: string; readonly verb: Verb; readonly round: number }
  | { readonly type: 'step-started'; readonly step: string; readonly at: string }
  | {
      readonly type: 'step-ended';
      readonly step: string;
      readonly at: string;
      readonly result: VerbResult;
      readonly notesThrough: number;
    }
  | { readonly type: 'step-failed'; readonly step: string; readonly at: string; readonly failure: Failure }
  | { readonly type: 'undo-started'; readonly step: string; readonly at: string }
  | {
      readonly type: 'undo-ended';
      readonly step: string;
      readonly at: string;
      readonly result: VerbResult;
      readonly notesThrough: number;
    }
  | { readonly type: 'undo-failed'; readonly step: string; readonly at: string; readonly failure: Failure }
  | {
      readonly type: 'gate-opened';
      readonly phase: Phase;
      readonly nonce: string;
      readonly evidence: GateEvidence;
      readonly at: string;
      readonly deadline?: string;
      readonly people: People;
    }
  | { readonly type: 'gate-facts-failed'; readonly phase: Phase; readonly failure: Failure; readonly at: string }
  | { readonly type: 'gate-passed'; readonly phase: Phase; readonly at: string }
  | { readonly type: 'gate-reopened'; readonly phase: Phase; readonly why: string; readonly at: string }
  | {
      readonly type: 'gate-expired';
      readonly phase: Phase;
      readonly at: string;
      readonly then: 'hold' | 'abort' | 'rollback';
    }
  | { readonly type: 'gate-reminded'; readonly phase: Phase; readonly at: string; readonly text: string }
  | { readonly type: 'gate-waits'; readonly phase: Phase; readonly until: string; readonly at: string }
  | { readonly type: 'decided'; readonly decision: Decision; readonly settles: 'approved' | 'rejected' | 'open' }
  | { readonly type: 'not-counted'; readonly entry: NotCounted }
  | { readonly type: 'held'; readonly hold: Hold }
  | { readonly type: 'resumed'; readonly by: string; readonly at: string }
  | { readonly type: 'retried'; readonly by: string; readonly comment: string; readonly at: string }
  | { readonly type: 'skip-vote'; readonly vote: Decision }
  | {
      readonly type: 'skipped';
      readonly step: string;
      readonly by: string;
      readonly reason: string;
      readonly at: string;
    }
  | { readonly type: 'extend-vote'; readonly vote: Decision }
  | {
      readonly type: 'gate-extended';
      readonly phase: Phase;
      readonly deadline: string;
      readonly by: string;
      readonly reason: string;
      readonly at: string;
    }
  | { readonly type: 'tick-awaited'; readonly step: string; readonly at: string }
  | { readonly type: 'ticked'; readonly step: string; readonly tick: Tick }
  | { readonly type: 'adopted'; readonly by: string; readonly at: string }
  | { readonly type: 'rollback-vote'; readonly vote: Decision }
  | { readonly type: 'rollback-begun'; readonly reason: string; readonly at: string }
  | { readonly type: 'aborted'; readonly by: string; readonly comment: string; readonly at: string }
  | { readonly type: 'refused'; readonly step: string; readonly failure: Failure; readonly at: string }
  | { readonly type: 'finished'; readonly outcome: 'done' | 'rolled-back'; readonly at: string };
