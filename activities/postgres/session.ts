import { Client, type ClientConfig } from 'pg';
import { CutoverError, describeError } from '../../src/core/failure';
import type { PgSession } from './context';
import { withoutValues } from './pg-error';
import { Waiting } from './waiting';

export interface SessionConfig {
  readonly url: string;
  /** At most 63 bytes: PostgreSQL cuts longer names, and leftovers are found by it. */
  readonly applicationName: string;
  /** The application's own role: row security stays in force and nothing can be written. */
  readonly probe?: boolean;
  readonly readOnly?: boolean;
  /** Counts how long this session is waited for, connecting included. */
  readonly waiting?: Waiting;
}

export interface OwnedSession extends PgSession, AsyncDisposable {
  readonly pid: number;
  /** Set when the connection broke: nothing more can be asked on it. */
  broken(): Error | undefined;
}

/** What every session of the tool has until a transaction says otherwise. Milliseconds. */
export const SESSION_DEFAULTS = { lockTimeoutMs: 2_000, statementTimeoutMs: 600_000, idleInTransactionMs: 60_000 };

/**
 * One connection, its settings pinned. row_security = off makes PostgreSQL refuse where it would filter: the owner of a
 * table under FORCE ROW LEVEL SECURITY would otherwise update 0 rows and call it done.
 */
export async function openSession(config: SessionConfig): Promise<OwnedSession> {
  const client = new Client(clientConfig(config));
  let broken: Error | undefined;
  client.on('error', (error) => (broken = error));
  const waiting = config.waiting ?? new Waiting();
  await waiting.during(() => connect(client));
  count(client, waiting);
  await client.query(settings(config));
  return {
    client,
    pid: backendPid(client),
    broken: () => broken,
    query: async <R extends object>(sql: string, values: readonly unknown[] = []) => {
      const result = await client.query<R>(sql, values.length > 0 ? [...values] : undefined);
      return lastOf(result).rows;
    },
    execute: async (sql, values = []) => {
      const result = await client.query(sql, values.length > 0 ? [...values] : undefined);
      return lastOf(result).rowCount ?? 0;
    },
    [Symbol.asyncDispose]: async () => {
      await client.end().catch(() => undefined);
    },
  };
}

/** Everything sent on this connection is counted, by whatever way it is sent, and its errors quote no rows. */
function count(client: Client, waiting: Waiting): void {
  const send = client.query.bind(client) as (...args: readonly unknown[]) => Promise<unknown>;
  const sent = async (args: readonly unknown[]): Promise<unknown> => {
    try {
      return await send(...args);
    } catch (error) {
      throw withoutValues(error);
    }
  };
  client.query = ((...args: readonly unknown[]) => waiting.during(() => sent(args))) as Client['query'];
}

function clientConfig(config: SessionConfig): ClientConfig {
  return {
    connectionString: config.url,
    application_name: config.applicationName,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

async function connect(client: Client): Promise<void> {
  try {
    await client.connect();
  } catch (error) {
    throw new CutoverError('Unavailable', `The database does not answer: ${describeError(error)}`, { cause: error });
  }
}

function settings(config: SessionConfig): string {
  const { lockTimeoutMs, statementTimeoutMs, idleInTransactionMs } = SESSION_DEFAULTS;
  return [
    config.probe ? '' : 'SET row_security = off',
    'SET search_path = public',
    'SET standard_conforming_strings = on',
    "SET DateStyle = 'ISO, YMD'",
    "SET TimeZone = 'UTC'",
    `SET lock_timeout = ${lockTimeoutMs}`,
    `SET statement_timeout = ${statementTimeoutMs}`,
    `SET idle_in_transaction_session_timeout = ${idleInTransactionMs}`,
    config.readOnly || config.probe
      ? 'SET default_transaction_read_only = on'
      : 'SET default_transaction_read_only = off',
  ]
    .filter(Boolean)
    .join('; ');
}

/** A text of several statements answers with a list: its last result counts. */
function lastOf<R>(result: R | readonly R[]): R {
  if (!Array.isArray(result)) return result as R;
  return (result as readonly R[])[result.length - 1] as R;
}

function backendPid(client: Client): number {
  return (client as Client & { readonly processID?: number | null }).processID ?? 0;
}
