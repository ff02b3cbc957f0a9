import type { Digest } from './json';

/** The one message that decides a gate: the same by Update and by Signal. */
export interface DecisionMessage {
  readonly gate: string;
  /** Drawn when the gate opened: a decision for an earlier question does not count for a later one. */
  readonly nonce: string;
  readonly planDigest: string;
  readonly evidenceDigest: string;
  readonly decision: 'approve' | 'reject';
  readonly approver: string;
  readonly at?: string;
  readonly comment?: string;
  readonly signature?: string;
}

/** A decision that counted, as state and ledger keep it. */
export interface Decision {
  readonly gate: string;
  readonly nonce: string;
  readonly evidenceDigest: Digest | string;
  readonly decision: 'approve' | 'reject';
  readonly approver: string;
  readonly roles: readonly string[];
  readonly comment: string;
  readonly via: 'update' | 'signal';
  /** When the workflow received it. */
  readonly at: string;
}

/** A message that arrived and did not count, with the reason; by Signal there is nobody to tell at once. */
export interface NotCounted {
  readonly gate: string;
  readonly approver: string;
  readonly reason: string;
  readonly at: string;
}
