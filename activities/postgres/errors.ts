import { CutoverError, describeError, type FailureType } from '../../src/core/failure';
import { sqlState } from './pg-error';

/** Somebody else's lock was in the way and we gave up first: lock_not_available, deadlock_detected. */
export function isLockLoss(error: unknown): boolean {
  return ['55P03', '40P01'].includes(sqlState(error) ?? '');
}

/**
 * The connection is gone or the server is: what was under way is unknown until somebody looks. Network errors carry
 * codes such as ECONNRESET; the server says 57P01-57P03 when it goes, 08xxx when the link breaks, 25P03 when a session idled too long.
 */
export function isConnectionLoss(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined && /^[0-9A-Z]{5}$/.test(state)) return /^(08...|57P0[1-5]|25P03)$/.test(state);
  if (error instanceof CutoverError) return error.type === 'Unavailable';
  const text = `${(error as { code?: string } | undefined)?.code ?? ''} ${describeError(error)}`;
  return /ECONNRESET|EPIPE|ECONNREFUSED|ETIMEDOUT|Connection terminated|connection error|not queryable|Client was closed/i.test(
    text,
  );
}

/** The failure type of whatever a driver threw: what the retry policy and the parking text go by. */
export function failureTypeOf(error: unknown): FailureType {
  if (error instanceof CutoverError) return error.type;
  if (isConnectionLoss(error)) return 'Unavailable';
  if (isLockLoss(error)) return 'Blocked';
  const state = sqlState(error) ?? '';
  if (/^53/.test(state)) return 'Unavailable';
  if (/^(22|23|42|0A|2B|28|3D|3F|P0)/.test(state) && state.length === 5) return 'Refused';
  return 'Unexpected';
}
