import { setTimeout as wait } from 'node:timers/promises';
import type { ClientSession, TransactionOptions } from 'mongodb';
import { CutoverError } from '../../src/core/failure';
import { hasLabel, isConnectionLoss } from './errors';
import { wordsOf } from './server-words';

export interface TransactionSetup {
  readonly session: ClientSession;
  readonly signal: AbortSignal;
  /** How long tries go on. Milliseconds. */
  readonly patienceMs: number;
  /** Called before another try, with what stood in the way. */
  readonly onWait: (why: string) => void;
  /** Whether a commit whose answer is unknown has happened; undefined = nobody can tell from what lies in the database. */
  readonly look: () => Promise<boolean | undefined>;
}

/** Majority and journal at the commit; the whole of it sees one point in time. */
const OPTIONS: TransactionOptions = {
  readConcern: { level: 'snapshot' },
  writeConcern: { w: 'majority', journal: true },
  readPreference: 'primary',
  maxCommitTimeMS: 10_000,
};

/**
 * One transaction, tried again as a whole while somebody else's write is in its way. A commit whose answer got lost is
 * sent again, which the server takes for the same one; when the answer stays out it is looked up.
 *
 * @throws Unavailable when nobody can tell whether it was committed; Blocked when others were in the way all the time.
 */
export async function inTransaction<T>(setup: TransactionSetup, work: () => Promise<T>): Promise<T> {
  const until = performance.now() + setup.patienceMs;
  for (let tries = 0; ; tries += 1) {
    setup.signal.throwIfAborted();
    const outcome = await attempt(setup, work, until);
    if ('value' in outcome) return outcome.value;
    const { error } = outcome;
    setup.signal.throwIfAborted();
    if (!hasLabel(error, 'TransientTransactionError')) throw error;
    if (performance.now() >= until) throw gaveUp(setup, error);
    setup.onWait(wordsOf(error));
    await wait(pauseMs(tries), undefined, { signal: setup.signal });
  }
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

async function attempt<T>(setup: TransactionSetup, work: () => Promise<T>, until: number): Promise<Outcome<T>> {
  const { session } = setup;
  session.startTransaction(OPTIONS);
  let value: T;
  try {
    value = await work();
  } catch (error) {
    await session.abortTransaction().catch(() => undefined);
    return { error };
  }
  return (await commit(setup, until)) ?? { value };
}

/** Undefined = committed. */
async function commit(setup: TransactionSetup, until: number): Promise<{ readonly error: unknown } | undefined> {
  for (let tries = 0; ; tries += 1) {
    try {
      await setup.session.commitTransaction();
      return undefined;
    } catch (error) {
      const unknown = isUnknown(error);
      // Whoever asks a second time may hear of a transaction that is over: that says nothing about how it ended.
      if (!unknown && tries === 0) return { error };
      if (unknown && performance.now() < until && !setup.signal.aborted) {
        await wait(pauseMs(tries), undefined, { signal: setup.signal }).catch(() => undefined);
        continue;
      }
      return lookUp(setup, error);
    }
  }
}

async function lookUp(setup: TransactionSetup, cause: unknown): Promise<{ readonly error: unknown } | undefined> {
  const committed = await setup.look().catch(() => undefined);
  if (committed === true) return undefined;
  if (committed === false && !isUnknown(cause)) return { error: cause };
  const error = new CutoverError(
    'Unavailable',
    `The answer to a commit got lost (${wordsOf(cause)}); the next attempt looks whether it happened.`,
    { cause },
  );
  return { error };
}

/** No answer, or one that does not say: also a write concern that timed out, whose write stands and may yet be rolled back. */
function isUnknown(error: unknown): boolean {
  return hasLabel(error, 'UnknownTransactionCommitResult') || isConnectionLoss(error);
}

function gaveUp({ patienceMs }: TransactionSetup, cause: unknown): CutoverError {
  const seconds = Math.round(patienceMs / 1_000);
  return isConnectionLoss(cause)
    ? new CutoverError('Unavailable', `The database did not come back within ${seconds} s: ${wordsOf(cause)}`, {
        cause,
      })
    : new CutoverError(
        'Blocked',
        `Other writes were in the way of every transaction for ${seconds} s (${wordsOf(cause)}); find the operation that holds the documents with db.currentOp() and end it, or wait.`,
        { cause },
      );
}

/** Full jitter: two that met once shall not meet again. */
function pauseMs(tries: number): number {
  return Math.random() * Math.min(500, 10 * 2 ** Math.min(tries, 6));
}

/** Of a transaction that belongs to no verb: nobody cancels it, and it is over soon. */
export const ALONE = {
  signal: new AbortController().signal,
  patienceMs: 5_000,
  onWait: () => undefined,
  look: () => Promise.resolve(undefined),
} as const;
