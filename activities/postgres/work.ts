import type { Evidence } from '../../src/core/evidence';
import type { StepArgs, StepKind } from '../../src/core/step';
import type { PgAttempt } from './attempt';
import type { PgContext, PgSession, TxOptions } from './context';
import { requireCapture } from './lane/capture';
import { checkToken } from './lane/claim';
import { retryOnLocks } from './lock-retry';
import { SESSION_DEFAULTS, type OwnedSession } from './session';

/** What all lock waits of one try may cost the application; below deadlock_timeout, so that we give up and never it. */
const LOCK_TIMEOUT_MS = 100;
const PATIENCE_MS = 60_000;
/**
 * A worker that stops or is cut off between the lock and the COMMIT keeps the application waiting: the server ends its
 * transaction after so long. Statements of one transaction follow each other within milliseconds.
 */
const DEAD_MAN_MS = 2_000;

/** A step's ways to read and write, over one attempt. */
export function contextOf<K extends StepKind>(attempt: PgAttempt<K>): PgContext<K> {
  const { input, pulse, log } = attempt.setup;
  const { main } = attempt;
  const retrying = async <T>(options: TxOptions, work: () => Promise<T>): Promise<T> => {
    const watcher = async (): Promise<PgSession> => attempt.reader('owner');
    return retryOnLocks(
      {
        session: lazily(watcher),
        tables: tablesOf(input.step.args),
        patienceMs: options.patienceMs ?? PATIENCE_MS,
        signal: pulse.signal,
        onWait: (doing) => pulse.progress({ doing: `${input.step.id} ${doing}` }),
      },
      work,
    );
  };
  return {
    run: input.run,
    step: input.step,
    args: input.step.args,
    verb: input.verb,
    round: input.round,
    attempt: pulse.attempt,
    ...(input.authority ? { authority: input.authority } : {}),
    ...(input.tick ? { tick: input.tick } : {}),
    log,
    signal: pulse.signal,
    progress: (progress) => pulse.progress(progress),
    capture: (name, take) => attempt.capture(name, take),
    captured: (reference) => requireCapture(attempt.main, { ...reference, run: input.run.id }),
    sqlMs: () => attempt.waitedMs(),
    commit: (work, options = {}) =>
      retrying(options, async (): Promise<Evidence> => {
        const result = await transaction(attempt, options, async () => attempt.end(await work(main)));
        attempt.settled(result);
        return result.evidence;
      }),
    transaction: (work, options = {}) => retrying(options, () => transaction(attempt, options, () => work(main))),
    outside: async (work, options = {}) => {
      await checkToken(attempt.main, attempt.token);
      const { lockTimeoutMs = LOCK_TIMEOUT_MS, statementTimeoutMs = 0 } = options;
      await main.execute(`SET lock_timeout = ${lockTimeoutMs}; SET statement_timeout = ${statementTimeoutMs}`);
      try {
        const value = await work(main);
        await checkToken(attempt.main, attempt.token);
        return value;
      } finally {
        const { lockTimeoutMs: locks, statementTimeoutMs: statements } = SESSION_DEFAULTS;
        await main.execute(`SET lock_timeout = ${locks}; SET statement_timeout = ${statements}`).catch(() => undefined);
      }
    },
    read: async (work, as = 'owner') => work(await attempt.reader(as)),
  };
}

/**
 * BEGIN, token first, work, COMMIT. When the connection breaks at the COMMIT nobody here knows whether it happened; the
 * error is Unavailable, and the next attempt looks: its claim waits for this backend to end, then it finds the end row or not.
 */
async function transaction<K extends StepKind, T>(
  attempt: PgAttempt<K>,
  options: TxOptions,
  work: () => Promise<T>,
): Promise<T> {
  const { lockTimeoutMs = LOCK_TIMEOUT_MS, statementTimeoutMs = SESSION_DEFAULTS.statementTimeoutMs } = options;
  return attempt.inTransaction(async () => {
    await attempt.main.execute(
      `SET LOCAL lock_timeout = ${lockTimeoutMs}; SET LOCAL statement_timeout = ${statementTimeoutMs}; SET LOCAL idle_in_transaction_session_timeout = ${DEAD_MAN_MS}`,
    );
    return work();
  });
}

/** Opened only when somebody really is in the way. */
function lazily(open: () => Promise<PgSession>): PgSession {
  return {
    get client(): OwnedSession['client'] {
      throw new Error('The watcher of blockers has no client of its own.');
    },
    query: async (sql, values) => (await open()).query(sql, values),
    execute: async (sql, values) => (await open()).execute(sql, values),
  };
}

/** The tables that a step's locks are about, for naming who stands in the way; none = any table. */
function tablesOf(args: StepArgs[StepKind]): readonly string[] {
  // A new table locks those that its foreign keys point to: which, only its DDL knows.
  if ('create' in args) return [];
  // Memberships come by a trigger on the users: it is their table that is locked.
  if ('from' in args) return [args.from.table];
  if ('table' in args) return 'references' in args ? [args.table, args.references.table] : [args.table];
  if ('tables' in args) return args.tables.map((t) => (typeof t === 'string' ? t : t.table));
  return [];
}
