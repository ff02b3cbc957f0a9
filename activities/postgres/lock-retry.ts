import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverError } from '../../src/core/failure';
import { blockerText, findBlockers } from './blockers';
import type { PgSession } from './context';
import { isLockLoss } from './errors';

export interface LockRetry {
  /** Where to look for blockers: a session that is in no transaction. */
  readonly session: PgSession;
  readonly tables: readonly string[];
  readonly patienceMs: number;
  readonly signal: AbortSignal;
  readonly onWait?: (doing: string) => void;
}

/**
 * Tries again while somebody's lock is in the way, until patience ends. Every failed try has cost the application its
 * lock_timeout as a stall, so before the next one we wait, without any lock, until no old transaction is in the way.
 */
export async function retryOnLocks<T>(retry: LockRetry, attempt: (tries: number) => Promise<T>): Promise<T> {
  const until = performance.now() + retry.patienceMs;
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt(tries);
    } catch (error) {
      if (!isLockLoss(error)) throw error;
      retry.signal.throwIfAborted();
      await calm(retry, until, tries);
    }
  }
}

async function calm(retry: LockRetry, until: number, tries: number): Promise<void> {
  for (;;) {
    await sleep(50 + Math.random() * 150, undefined, { signal: retry.signal });
    const blockers = await findBlockers(retry.session, retry.tables, 1_000);
    if (performance.now() >= until) {
      throw new CutoverError(
        'Blocked',
        `No lock on ${retry.tables.join(', ') || 'the tables'} within ${retry.patienceMs} ms and ${tries} tries: ${blockerText(blockers)}.`,
      );
    }
    if (blockers.length === 0) return;
    retry.onWait?.(`waits for ${blockerText(blockers.slice(0, 1))}`);
  }
}
