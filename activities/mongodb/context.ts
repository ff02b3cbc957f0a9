import type { ClientSession, Db } from 'mongodb';
import type { Evidence } from '../../src/core/evidence';
import type { Actor } from '../../src/core/tenancy-args';
import type { StepKind } from '../../src/core/step';
import type { StepHandler, VerbContext } from '../context';

/**
 * How a step works on MongoDB. Every client is the tool's own (appName `cutover/<run>/<token>`), writes with
 * {w: 'majority', j: true}, reads with readConcern majority from the primary, and never retries a write that is no
 * upsert by `_id` or guarded by a filter that a second time matches nothing.
 */
export interface MongoContext<K extends StepKind = StepKind> extends VerbContext<K> {
  /**
   * The verb's last transaction: token check first (an update of the lane's own token document, so that an overtaken
   * attempt conflicts), then `work`, then the ledger's end row, then commit. Effect and row stand or fall together; a
   * lost reply is resolved by looking. What cannot stand in a transaction (collMod, createIndexes, users) is done in
   * `outside` before, and looked at again here.
   */
  commit(work: (tx: MongoTx) => Promise<Evidence>): Promise<Evidence>;
  /** A transaction in the middle of a verb: token check first, no end row. `work` may run several times. */
  transaction<T>(work: (tx: MongoTx) => Promise<T>): Promise<T>;
  /** Outside any transaction: token check before and after. `work` must be harmless when done twice, or late. */
  outside<T>(work: (db: Db) => Promise<T>): Promise<T>;
  /** Throws StaleToken when this attempt was overtaken: between windows. */
  checkToken(): Promise<void>;
  /** Reads only. As `app`: a client of its own as the application's user. */
  read<T>(work: (db: Db) => Promise<T>, as?: Actor): Promise<T>;
  /** The tool's own database beside the application's: claim, ledger, captures, archive, fence. */
  readonly lane: Db;
  /** Milliseconds this verb has waited for the database so far. */
  serverMs(): number;
}

export interface MongoTx {
  readonly db: Db;
  readonly lane: Db;
  /** Belongs into the options of every call. */
  readonly session: ClientSession;
}

export type MongoStepHandler<K extends StepKind> = StepHandler<K, MongoContext<K>>;
