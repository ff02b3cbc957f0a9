/**
 * The failure types that cross from activities to the workflow (ApplicationFailure.type). Retry policy, parking text
 * and report read the same word.
 */
export const FAILURES = {
  /** Another run owns the target; the message names it. */
  TargetClaimed: { retry: false, next: 'wait for that run to end, or `cutover release` it if it is dead' },
  /**
   * This attempt was overtaken: its writes are refused. Temporal takes no notice of one that it has given up itself; one
   * that it still counts on was overtaken by a late starter of an earlier attempt, and has to be made again.
   */
  StaleToken: { retry: true, next: 'nothing: another attempt is at work' },
  /** The ledger is not where this run left it: a restored database or a reset workflow. */
  LedgerDiverged: {
    retry: false,
    next: 'find out what changed the target behind the run; then `cutover adopt` or `cutover release`',
  },
  /** The target is not the one that preflight saw. */
  FingerprintChanged: { retry: false, next: 'correct the address in cutover.config.yaml, or start a new run' },
  /** The decisions handed along do not allow this act. */
  NotAllowed: { retry: false, next: 'have the gate decided again' },
  /** The plan or the worker's configuration cannot be carried out. */
  Misconfigured: { retry: false, next: 'mend the configuration that is named, then `cutover retry`' },
  /** The schema is not what the plan expects, and guessing would be wrong. */
  Refused: { retry: false, next: 'look at what is named, mend it, then `cutover retry`; or `cutover rollback`' },
  /** Somebody else's transaction or lock stands in the way; it is named. */
  Blocked: { retry: true, next: 'end the session that is named, or wait; then `cutover retry`' },
  /** The freeze did not hold its promises and has put everything back. */
  FreezeFailed: { retry: false, next: 'read why, then `cutover retry` (a new freeze) or `cutover rollback`' },
  /** The server went away, or another passing fault. */
  Unavailable: { retry: true, next: 'bring the server back; the attempt goes on by itself' },
  /** A program that the step runs failed. */
  CommandFailed: { retry: true, next: 'read its last lines, then `cutover retry`' },
  /** Anything that nobody foresaw. */
  Unexpected: { retry: true, next: 'read the message; `cutover retry` or `cutover rollback`' },
} as const satisfies Record<string, { readonly retry: boolean; readonly next: string }>;

export type FailureType = keyof typeof FAILURES;

/** A failure as the state, the ledger and the report carry it. */
export interface Failure {
  readonly type: FailureType;
  readonly message: string;
}

export function isFailureType(text: string | null | undefined): text is FailureType {
  return typeof text === 'string' && Object.hasOwn(FAILURES, text);
}

/** The product's own errors: a type of the table above and a sentence with nouns. */
export class CutoverError extends Error {
  constructor(
    readonly type: FailureType,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'CutoverError';
  }
}

/** The message of whatever was thrown, read by shape: errors of another realm are no `instanceof Error`. */
export function describeError(error: unknown): string {
  if (typeof error === 'string') return error;
  if (typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string') {
    return error.message !== '' ? error.message : 'name' in error ? String(error.name) : 'unknown error';
  }
  return JSON.stringify(error) ?? 'unknown error';
}
