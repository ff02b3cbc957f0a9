import type { Binary, ClientSession, Db } from 'mongodb';
import { CutoverError } from '../../../src/core/failure';
import type { Verb } from '../../../src/core/step';
import type { RunRef } from '../../../src/core/verb';
import { isDuplicateKey } from '../duplicate-key';
import { isConflict } from '../errors';
import { claims, type ClaimDocument } from './documents';
import { endOlderWork, endSession } from './leftovers';

export interface ClaimRequest {
  readonly run: RunRef;
  readonly step: string;
  readonly verb: Verb;
  readonly fingerprint: string;
  /** Only the first verb of a run may take a target that nobody holds. */
  readonly first: boolean;
}

export interface Token {
  readonly target: string;
  readonly run: string;
  readonly value: string;
}

/** Of an attempt that has nothing to write: it passes no check, since the first token of a target is 1. */
export function noToken(run: RunRef): Token {
  return { target: run.home, run: run.id, value: '0' };
}

/** `cutover/<run>/<token>`: leftovers of an attempt are found by it. */
export function appName(run: RunRef, token: string): string {
  return `cutover/${run.id.slice(-80)}/${token}`;
}

/**
 * Draws this attempt's token. A claim that must wait is waiting for a transaction of an overtaken attempt, which holds
 * the claim's document from its first statement: that one is ended, since the ledger would accept nothing of it. Where
 * it cannot be ended it is outlived: the server ends it by itself (transactionLifetimeLimitSeconds, 60 by default).
 */
export async function claim(lane: Db, request: ClaimRequest): Promise<Token> {
  const { run } = request;
  for (let tries = 0; ; tries += 1) {
    try {
      const { token, session } = await draw(lane, request);
      await endOlder(lane, run, session, token.value);
      return token;
    } catch (error) {
      if (!isConflict(error) || tries >= MAX_TRIES) throw error;
      const holder = await claims(lane).findOne({ _id: run.home });
      if (!holder || holder.run === null) throw error;
      if (holder.run !== run.id) throw await claimedBy(lane, run);
      await endOlder(lane, run, holder.session, undefined);
    }
  }
}

/** The token, and the server session of whoever had the one before. */
async function draw(
  lane: Db,
  request: ClaimRequest,
): Promise<{ readonly token: Token; readonly session: Binary | null | undefined }> {
  const { run, fingerprint } = request;
  const found = request.first ? await drawFirst(lane, request) : await drawNext(lane, request);
  if (!found) throw await claimedBy(lane, run);
  if (found.fingerprint !== fingerprint) {
    throw new CutoverError(
      'FingerprintChanged',
      `Target "${run.home}" was ${found.fingerprint} when this run claimed it and is ${fingerprint} now: it is another database.`,
    );
  }
  return { token: { target: run.home, run: run.id, value: String(found.token) }, session: found.session };
}

/** A claim of another run does not match, so that the upsert meets its `_id`. */
async function drawFirst(lane: Db, { run, step, verb, fingerprint }: ClaimRequest): Promise<ClaimDocument | null> {
  const free = { $eq: [{ $ifNull: ['$run', null] }, null] };
  const drawn = {
    token: { $add: [{ $ifNull: ['$token', 0] }, 1] },
    fingerprint: { $cond: [free, { $literal: fingerprint }, '$fingerprint'] },
    run: { $literal: run.id },
    plan: { $literal: run.plan },
    step: { $literal: step },
    verb,
    claimedAt: '$$NOW',
  };
  try {
    return await claims(lane).findOneAndUpdate(
      { _id: run.home, $or: [{ run: null }, { run: run.id }] },
      [{ $set: drawn }],
      { upsert: true, returnDocument: 'after', maxTimeMS: WAIT_MS },
    );
  } catch (error) {
    if (isDuplicateKey(error)) return null;
    throw error;
  }
}

function drawNext(lane: Db, { run, step, verb }: ClaimRequest): Promise<ClaimDocument | null> {
  return claims(lane).findOneAndUpdate(
    { _id: run.home, run: run.id },
    { $inc: { token: 1 }, $set: { plan: run.plan, step, verb }, $currentDate: { claimedAt: true } },
    { returnDocument: 'after', maxTimeMS: WAIT_MS },
  );
}

/**
 * The first statement of every transaction that writes. It is itself a write of the claim's document: a newer attempt
 * has changed it since (no match, or a conflict), or must wait for this transaction. Reading it would fence nothing, as
 * a snapshot goes on showing the old token. Answers the server's clock.
 */
export async function checkTokenIn(lane: Db, token: Token, session: ClientSession): Promise<string> {
  const found = await claims(lane).findOneAndUpdate(
    held(token),
    { $currentDate: { touchedAt: true } },
    { session, returnDocument: 'after' },
  );
  if (!found?.touchedAt) throw stale(token);
  return found.touchedAt.toISOString();
}

/** Outside a transaction: says whether the attempt was overtaken until now, not that it will not be. */
export async function checkToken(lane: Db, token: Token): Promise<void> {
  const found = await claims(lane).findOne(held(token), { projection: { _id: 1 } });
  if (!found) throw stale(token);
}

/** Where the next attempt reads which server session it has to end. Before the first transaction of the attempt. */
export async function announceSession(lane: Db, token: Token, session: ClientSession): Promise<void> {
  const { matchedCount } = await claims(lane).updateOne(held(token), { $set: { session: lsid(session) } });
  if (matchedCount === 0) throw stale(token);
}

/** Lets go of the target, in the transaction of the end row. The token stays: it only ever rises. */
export async function release(lane: Db, run: RunRef, session: ClientSession): Promise<void> {
  await claims(lane).updateOne(
    { _id: run.home, run: run.id },
    { $set: { run: null, step: 'released', session: null }, $currentDate: { claimedAt: true } },
    { session },
  );
}

function held(token: Token): { readonly _id: string; readonly run: string; readonly token: number } {
  return { _id: token.target, run: token.run, token: Number(token.value) };
}

function lsid(session: ClientSession): Binary | null {
  return session.id?.id ?? null;
}

async function endOlder(lane: Db, run: RunRef, session: Binary | null | undefined, token: string | undefined) {
  if (session) await endSession(lane.client, session);
  await endOlderWork(lane.client, appName(run, ''), token);
}

function stale(token: Token): CutoverError {
  return new CutoverError(
    'StaleToken',
    `Attempt ${token.value} of run ${token.run} was overtaken by a newer one on target "${token.target}"; it writes nothing.`,
  );
}

async function claimedBy(lane: Db, run: RunRef): Promise<CutoverError> {
  const found = await claims(lane).findOne({ _id: run.home });
  if (!found || found.run === null || found.run === run.id) {
    return new CutoverError(
      'TargetClaimed',
      `Run ${run.id} no longer holds target "${run.home}": somebody released it. Start a new run.`,
    );
  }
  return new CutoverError(
    'TargetClaimed',
    `Target "${run.home}" belongs to run ${found.run} of plan "${found.plan}", last seen at ${found.claimedAt.toISOString()} in step ${found.step}; wait for its end, or \`cutover release --run ${found.run} --home ${run.home}\` if it is dead.`,
  );
}

/** How long one try waits for the claim's document; the tries together outlast the server's limit of a transaction. */
const WAIT_MS = 500;
const MAX_TRIES = 150;
