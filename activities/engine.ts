import type { Logger } from 'pino';
import type { FailureType } from '../src/core/failure';
import type { InspectInput, InspectPage } from '../src/core/inspect';
import type { GetKnobsInput, KnobsAnswer, SetKnobsInput } from '../src/core/knobs';
import type { LivePreview, LivePreviewInput } from '../src/core/live-preview';
import type { ReleaseAnswer, ReleaseInput } from '../src/core/release-claim';
import type { RestoreAnswer, RestoreInput } from '../src/core/restore';
import type { StepKind } from '../src/core/step';
import type { TargetReport } from '../src/core/target-report';
import type { Facts, FactsInput, Head, LedgerNote, RunRef, VerbInput, VerbResult } from '../src/core/verb';
import type { Pulse } from './heartbeat';

/** One attempt of a verb on the engine of its home: claimed, its place in the ledger known, its connections open. */
export interface Attempt extends AsyncDisposable {
  /** The result that an earlier attempt stored: this one has nothing left to do. */
  readonly stored?: VerbResult;
  /** Performs the step's verb and writes the end row. */
  perform(): Promise<VerbResult>;
  /** Writes what went wrong from a connection of its own, so that it survives the rollback. Never throws. */
  failed(type: FailureType, message: string): Promise<void>;
}

export interface RecordInput {
  readonly run: RunRef;
  readonly expect: Head;
  readonly notes: readonly LedgerNote[];
}

/** What a database must offer to be the home of a run. The same for every engine; nothing above asks which it is. */
export interface Engine {
  open<K extends StepKind>(input: VerbInput<K>, pulse: Pulse, log: Logger): Promise<Attempt>;
  failureType(error: unknown): FailureType;
  /** What a gate's decision is bound to; under a second, claims nothing. */
  facts(input: FactsInput): Promise<Facts>;
  /** Appends notes that no verb will carry any more. */
  record(input: RecordInput): Promise<void>;
  readLedger(input: InspectInput): Promise<InspectPage>;
  releaseClaim(input: ReleaseInput): Promise<ReleaseAnswer>;
  /** How hard the windows of the run that holds the target have been told to work. */
  getKnobs(input: GetKnobsInput): Promise<KnobsAnswer>;
  setKnobs(input: SetKnobsInput): Promise<KnobsAnswer>;
  /** The last resort; without an approval it only lists what would be lost. */
  restore(input: RestoreInput, pulse: Pulse): Promise<RestoreAnswer>;
  previewLive(input: LivePreviewInput): Promise<LivePreview>;
  /** Who a target of this engine is, whether or not it is anybody's home. Reads only. */
  ask(target: string, signal: AbortSignal): Promise<TargetReport>;
}
