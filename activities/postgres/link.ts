import { CutoverError, describeError } from '../../src/core/failure';
import type { PostgresTarget } from '../resources';
import type { PgSession } from './context';
import { openSession, type OwnedSession } from './session';

export interface LinkOptions {
  /** Names the connection in pg_stat_activity, so that a later attempt finds what this one left running. */
  readonly applicationName: string;
  /** As the application's role instead of the tool's: row security stays in force, nothing can be written. */
  readonly asApp?: boolean;
  readonly readOnly?: boolean;
  /** Ends the connection, and with it whatever the server does for it. */
  readonly signal?: AbortSignal;
  /** Per statement; 0 = none. Milliseconds. Default 30 s. */
  readonly statementTimeoutMs?: number;
}

/**
 * A connection of a step's own, for targets other than the step's and for snapshots that must outlive every idle
 * timeout: settings that a role or database may have for ending long sessions are switched off.
 *
 * @throws Unavailable when the target cannot be reached; the message names the target, never its address.
 */
export async function withLink<T>(
  target: PostgresTarget,
  options: LinkOptions,
  work: (session: PgSession) => Promise<T>,
): Promise<T> {
  options.signal?.throwIfAborted();
  const session = await open(target, options);
  const hangUp = (): void => void session[Symbol.asyncDispose]();
  options.signal?.addEventListener('abort', hangUp, { once: true });
  try {
    await session.query(NO_TIMEOUTS, [String(options.statementTimeoutMs ?? 30_000)]);
    return await work(session);
  } finally {
    options.signal?.removeEventListener('abort', hangUp);
    await session[Symbol.asyncDispose]();
  }
}

async function open(target: PostgresTarget, options: LinkOptions): Promise<OwnedSession> {
  const url = options.asApp === true ? appUrl(target) : target.url();
  try {
    return await openSession({
      url,
      applicationName: options.applicationName,
      probe: options.asApp,
      readOnly: options.readOnly,
    });
  } catch (cause) {
    const whose = options.asApp === true ? `probeAs of the target "${target.name}"` : `the target "${target.name}"`;
    throw new CutoverError(
      'Unavailable',
      `No connection to ${whose}: ${describeError(cause)}; check that the server runs and that cutover.config.yaml has its address and role right.`,
      { cause },
    );
  }
}

function appUrl(target: PostgresTarget): string {
  if (target.probeAs) return target.probeAs();
  throw new CutoverError(
    'Misconfigured',
    `The target "${target.name}" has no probeAs: give the connection string of the application's own role in cutover.config.yaml.`,
  );
}

/** Only settings that this server knows: transaction_timeout came with 17. */
const NO_TIMEOUTS = `
  SELECT set_config(name, CASE name WHEN 'statement_timeout' THEN $1 ELSE '0' END, false)
    FROM pg_catalog.pg_settings
   WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout',
                  'transaction_timeout')`;
