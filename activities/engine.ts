import type { Logger } from 'pino';
import type { FailureType } from '../src/core/failure';
import type { StepKind } from '../src/core/step';
import type { VerbInput, VerbResult } from '../src/core/verb';
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

/** What a database must offer to be the home of a run. The same for every engine; nothing above asks which it is. */
export interface Engine {
  open<K extends StepKind>(input: VerbInput<K>, pulse: Pulse, log: Logger): Promise<Attempt>;
  failureType(error: unknown): FailureType;
}
