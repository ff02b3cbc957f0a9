import type { Binary, Collection, Db } from 'mongodb';
import type { LedgerRow } from '../../../src/core/ledger-row';

/** One per target. `run` is null when nobody holds it. */
export interface ClaimDocument {
  /** The target's name. */
  readonly _id: string;
  readonly run: string | null;
  readonly plan: string;
  readonly token: number;
  readonly step: string;
  readonly verb: string;
  readonly fingerprint: string;
  readonly claimedAt: Date;
  /** Of the latest transaction that checked the token; written by it, so that two cannot both commit. */
  readonly touchedAt?: Date;
  /** The server session that the attempt's transactions run in: the next attempt ends it. */
  readonly session?: Binary | null;
}

export interface LedgerDocument {
  /** `<run>/<seq>`. */
  readonly _id: string;
  readonly run: string;
  readonly seq: number;
  readonly step: string;
  readonly verb: LedgerRow['verb'];
  readonly round: number;
  readonly event: LedgerRow['event'];
  readonly noteId?: string;
  /** Canonical JSON text. */
  readonly body: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly prevHash: string;
  readonly hash: string;
}

export interface CaptureDocument {
  /** `<run>/<step>/<name>`. */
  readonly _id: string;
  /** JSON text. */
  readonly value: string;
}

export const claims = (lane: Db): Collection<ClaimDocument> => lane.collection<ClaimDocument>('claim');
export const ledgerRows = (lane: Db): Collection<LedgerDocument> => lane.collection<LedgerDocument>('ledger');
export const captures = (lane: Db): Collection<CaptureDocument> => lane.collection<CaptureDocument>('capture');
