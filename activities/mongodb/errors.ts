import { MongoNetworkError, MongoServerSelectionError, MongoError } from 'mongodb';
import { CutoverError, describeError, type FailureType } from '../../src/core/failure';
import { codeOf } from './duplicate-key';

/** Whether the driver or the server put a label on it: `TransientTransactionError`, `UnknownTransactionCommitResult`. */
export function hasLabel(error: unknown, label: string): boolean {
  return error instanceof MongoError && error.hasErrorLabel(label);
}

/** Somebody else's write or lock was in the way and we gave up first. */
export function isConflict(error: unknown): boolean {
  return CONFLICTS.has(codeOf(error) ?? 0);
}

/**
 * The line is gone, the server is, or it is no primary any more: what was under way is unknown until somebody looks. A
 * write concern that timed out is of this kind too: the write stands here and may yet be rolled back.
 */
export function isConnectionLoss(error: unknown): boolean {
  if (error instanceof CutoverError) return error.type === 'Unavailable';
  if (error instanceof MongoNetworkError || error instanceof MongoServerSelectionError) return true;
  const code = codeOf(error);
  if (code !== undefined) return AWAY.has(code);
  const text = `${(error as { code?: string } | undefined)?.code ?? ''} ${(error as Error | undefined)?.name ?? ''} ${describeError(error)}`;
  return /ECONNRESET|EPIPE|ECONNREFUSED|ETIMEDOUT|PoolCleared|MongoTopologyClosed|MongoNotConnected|MongoClientClosed|connection .*closed/i.test(
    text,
  );
}

/**
 * What the server quotes stays on the worker, since histories and ledgers outlive it: the values of a duplicate key, and
 * the command that it does not allow, whose filter may hold somebody's data.
 */
export function withoutValues(error: unknown): unknown {
  if (error instanceof MongoError)
    error.message = error.message
      .replace(/ dup key: .*$/s, '')
      .replace(/ to execute command \{ "?(\w+)"?:.*$/s, ' to execute the command $1');
  return error;
}

/** The failure type of whatever the driver threw: what the retry policy and the parking text go by. */
export function failureTypeOf(error: unknown): FailureType {
  if (error instanceof CutoverError) return error.type;
  if (isConnectionLoss(error)) return 'Unavailable';
  if (isConflict(error)) return 'Blocked';
  const code = codeOf(error);
  if (code !== undefined && LOST.has(code)) return 'Unavailable';
  if (code === undefined)
    return (error as Error | undefined)?.name === 'MongoAuthenticationError' ? 'Refused' : 'Unexpected';
  return REFUSED.has(code) ? 'Refused' : 'Unexpected';
}

/** LockTimeout, LockBusy, MaxTimeMSExpired, WriteConflict, ConflictingOperationInProgress, BackgroundOperationInProgressForNamespace, TransactionTooOld, NoSuchTransaction. */
const CONFLICTS: ReadonlySet<number> = new Set([24, 46, 50, 112, 117, 12587, 225, 251]);

/**
 * HostUnreachable, HostNotFound, NetworkTimeout, ShutdownInProgress, WriteConcernFailed, PrimarySteppedDown,
 * ExceededTimeLimit, SocketException, NotWritablePrimary, InterruptedAtShutdown, InterruptedDueToReplStateChange,
 * Interrupted, NotPrimaryNoSecondaryOk, NotPrimaryOrSecondary, UnsatisfiableWriteConcern, FailedToSatisfyReadPreference.
 */
const AWAY: ReadonlySet<number> = new Set([
  6, 7, 64, 89, 91, 100, 133, 189, 262, 9001, 10107, 11600, 11601, 11602, 13435, 13436,
]);

/** CursorNotFound, NoSuchSession, CursorKilled: the server goes on, and another attempt has others. */
const LOST: ReadonlySet<number> = new Set([43, 206, 237]);

/**
 * BadValue, FailedToParse, Unauthorized, TypeMismatch, AuthenticationFailed, IllegalOperation, NamespaceNotFound,
 * IndexNotFound, NamespaceExists, CommandNotFound, ImmutableField, InvalidOptions, InvalidNamespace, IndexOptionsConflict,
 * IndexKeySpecsConflict, CannotCreateIndex, DocumentValidationFailure, CommandNotSupported, UserWritesBlocked,
 * CommandNotSupportedOnView, CannotIndexParallelArrays, InvalidIndexSpecificationOption, BSONObjectTooLarge, DuplicateKey,
 * unknown fields and operators.
 */
const REFUSED: ReadonlySet<number> = new Set([
  2, 9, 13, 14, 18, 20, 26, 27, 48, 59, 66, 67, 72, 73, 85, 86, 115, 121, 166, 171, 197, 303, 334, 371, 8000, 10334,
  11000, 40324, 40414, 40415,
]);
