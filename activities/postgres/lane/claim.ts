import { CutoverError } from '../../../src/core/failure';
import type { Verb } from '../../../src/core/step';
import type { RunRef } from '../../../src/core/verb';
import type { PgSession } from '../context';
import { isLockLoss } from '../errors';
import { CLOCK } from './clock';

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

/** `cutover/<run>/<token>`: leftovers of an attempt are found by it. 63 bytes at most. */
export function applicationName(run: RunRef, token: string): string {
  return `cutover/${run.id.slice(-40)}/${token}`;
}

/**
 * Draws this attempt's token in a short transaction of its own. A claim that must wait is waiting for an overtaken
 * attempt: its backends are ended, since nothing that it could still commit would be accepted by the ledger.
 */
export async function claim(session: PgSession, request: ClaimRequest): Promise<Token> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await draw(session, request);
    } catch (error) {
      if (!isLockLoss(error) || tries >= 20) throw error;
      await endOlderBackends(session, request.run, undefined);
    }
  }
}

async function draw(session: PgSession, request: ClaimRequest): Promise<Token> {
  const { run, step, verb, fingerprint, first } = request;
  await session.execute(`SET lock_timeout = 500`);
  const [row] = await session.query<{ token: string; fingerprint: string }>(
    first
      ? `INSERT INTO cutover.claim AS c (target, run_id, plan, token, step, verb, fingerprint) VALUES ($1, $2, $3, 1, $4, $5, $6)
         ON CONFLICT (target) DO UPDATE SET token = c.token + 1, run_id = EXCLUDED.run_id, plan = EXCLUDED.plan, step = EXCLUDED.step,
           verb = EXCLUDED.verb, claimed_at = now(),
           fingerprint = CASE WHEN c.run_id IS NULL THEN EXCLUDED.fingerprint ELSE c.fingerprint END
         WHERE c.run_id IS NULL OR c.run_id = EXCLUDED.run_id
         RETURNING token::text, fingerprint`
      : `UPDATE cutover.claim SET token = token + 1, plan = $3, step = $4, verb = $5, claimed_at = now()
         WHERE target = $1 AND run_id = $2 AND $6::text IS NOT NULL RETURNING token::text, fingerprint`,
    [run.home, run.id, run.plan, step, verb, fingerprint],
  );
  if (!row) throw await claimedBy(session, run);
  if (row.fingerprint !== fingerprint) {
    throw new CutoverError(
      'FingerprintChanged',
      `Target "${run.home}" was ${row.fingerprint} when this run claimed it and is ${fingerprint} now: it is another database.`,
    );
  }
  const token = { target: run.home, run: run.id, value: row.token };
  await endOlderBackends(session, run, row.token);
  return token;
}

/** The first statement of every transaction that writes: an overtaken attempt commits nothing. Answers the database's clock. */
export async function checkToken(session: PgSession, token: Token): Promise<string> {
  const [found] = await session.query<{ at: string }>(
    `SELECT ${CLOCK} AS at FROM cutover.claim WHERE target = $1 AND run_id = $2 AND token = $3 FOR SHARE`,
    [token.target, token.run, token.value],
  );
  if (!found) {
    throw new CutoverError(
      'StaleToken',
      `Attempt ${token.value} of run ${token.run} was overtaken by a newer one on target "${token.target}"; it writes nothing.`,
    );
  }
  return found.at;
}

/** Lets go of the target. The token stays: it only ever rises. */
export async function release(session: PgSession, token: Token): Promise<void> {
  await session.execute(
    `UPDATE cutover.claim SET run_id = NULL, step = 'released', verb = 'do' WHERE target = $1 AND run_id = $2`,
    [token.target, token.run],
  );
}

/**
 * Ends what earlier attempts of this run left connected. A CREATE INDEX CONCURRENTLY goes on: it may be nearly done and
 * its step looks for it. Dumps have their own name and their own step.
 */
async function endOlderBackends(session: PgSession, run: RunRef, token: string | undefined): Promise<void> {
  const prefix = applicationName(run, '');
  await session.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE usename = current_user AND pid <> pg_backend_pid() AND starts_with(application_name, $1)
       AND substr(application_name, length($1) + 1) ~ '^[0-9]+$'
       AND ($2::bigint IS NULL OR substr(application_name, length($1) + 1)::bigint < $2::bigint)
       AND NOT (state = 'active' AND query ~* '^\\s*(create|drop)\\s+(unique\\s+)?index\\s+concurrently')`,
    [prefix, token ?? null],
  );
}

async function claimedBy(session: PgSession, run: RunRef): Promise<CutoverError> {
  const [row] = await session.query<{ run_id: string | null; plan: string; step: string; claimed_at: Date }>(
    `SELECT run_id, plan, step, claimed_at FROM cutover.claim WHERE target = $1`,
    [run.home],
  );
  if (!row?.run_id) {
    return new CutoverError(
      'TargetClaimed',
      `Run ${run.id} no longer holds target "${run.home}": somebody released it. Start a new run.`,
    );
  }
  return new CutoverError(
    'TargetClaimed',
    `Target "${run.home}" belongs to run ${row.run_id} of plan "${row.plan}", last seen at ${row.claimed_at.toISOString()} in step ${row.step}; wait for its end, or \`cutover release --run ${row.run_id} --home ${run.home}\` if it is dead.`,
  );
}
