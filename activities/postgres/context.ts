import type { Client } from 'pg';
import type { Evidence } from '../../src/core/evidence';
import type { Actor } from '../../src/core/tenancy-args';
import type { StepKind } from '../../src/core/step';
import type { StepHandler, VerbContext } from '../context';

/**
 * How a step works on PostgreSQL. Every session is the tool's own (application_name `cutover/<run>/<token>`), has
 * row_security = off (an error instead of silently filtered rows), lock_timeout, statement_timeout and
 * idle_in_transaction_session_timeout set, and search_path pinned to the plan's schema after pg_catalog.
 */
export interface PgContext<K extends StepKind = StepKind> extends VerbContext<K> {
  /**
   * The verb's last transaction: token check first (an overtaken attempt is refused), then `work`, then the ledger's
   * end row, then COMMIT. Effect and row stand or fall together; a lost COMMIT reply is resolved by looking.
   * Retries on lock timeouts (55P03, 40P01) with jitter until `patienceMs` (default 60 s), naming the blocker by pid, age and query.
   */
  commit(work: (tx: PgSession) => Promise<Evidence>, options?: TxOptions): Promise<Evidence>;
  /** A transaction in the middle of a verb: token check first, no end row. `work` must be harmless when done twice. */
  transaction<T>(work: (tx: PgSession) => Promise<T>, options?: TxOptions): Promise<T>;
  /** A session outside any transaction (CREATE INDEX CONCURRENTLY, VALIDATE): token check before and after. */
  outside<T>(work: (session: PgSession) => Promise<T>, options?: SessionOptions): Promise<T>;
  /** Reads only. As `app`: a connection of its own as the application's role, row security in force. */
  read<T>(work: (session: PgSession) => Promise<T>, as?: Actor): Promise<T>;
  /** Milliseconds this verb has waited for the database so far. */
  sqlMs(): number;
}

export interface TxOptions {
  /** What all lock waits of one try may take; default 100 ms: readers and writers of the application queue behind us. */
  readonly lockTimeoutMs?: number;
  readonly statementTimeoutMs?: number;
  readonly patienceMs?: number;
}

export interface SessionOptions {
  /** 0 = none: for statements behind which nothing of the application queues. */
  readonly lockTimeoutMs?: number;
  readonly statementTimeoutMs?: number;
}

/** The slice of a connection that steps use. */
export interface PgSession {
  /** Rows of one statement. Values are always bound; identifiers are quoted by `ident` and `qualified`. */
  query<R extends object = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<readonly R[]>;
  /** Rows changed by one statement. */
  execute(sql: string, values?: readonly unknown[]): Promise<number>;
  /** For what needs the driver itself (notices, cursors). */
  readonly client: Client;
}

export type PgStepHandler<K extends StepKind> = StepHandler<K, PgContext<K>>;
