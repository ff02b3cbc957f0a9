import { DatabaseError } from 'pg';

/** What the caller is told. `refused`: nothing was written, for certain. `unknown`: the commit was sent, its reply never came. */
export class Failure extends Error {
  readonly status: number;
  readonly outcome: 'refused' | 'unknown';
  readonly code: string | undefined;

  constructor(input: {
    status: number;
    message: string;
    outcome?: 'refused' | 'unknown';
    code?: string;
    cause?: unknown;
  }) {
    super(input.message, { cause: input.cause });
    this.name = 'Failure';
    this.status = input.status;
    this.outcome = input.outcome ?? 'refused';
    this.code = input.code;
  }
}

/** An error of a transaction whose COMMIT was not sent: the server rolled it back or will. */
export function refusal(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = sqlState(error);
  if (code === undefined)
    return new Failure({ status: 503, message: `The database did not answer: ${message}`, cause: error });
  return new Failure({ status: statusOf(code), message, code, cause: error });
}

/** An error of COMMIT itself: only a plain SQL error proves that nothing was committed. */
export function commitFailure(error: unknown): Failure {
  const code = sqlState(error);
  if (code !== undefined && !isShutdown(code)) return refusal(error);
  const message = 'The connection ended while the transaction was being committed.';
  return new Failure({
    status: 504,
    outcome: 'unknown',
    message,
    ...(code === undefined ? {} : { code }),
    cause: error,
  });
}

/** Does the connection have to be thrown away? Any error that is not an answer of the server says so, and so does a shutdown. */
export function breaksConnection(error: unknown): boolean {
  if (error instanceof Failure) return error.cause !== undefined && breaksConnection(error.cause);
  const code = sqlState(error);
  return code === undefined || isShutdown(code);
}

/**
 * The schema changed between the reading of the flag and the statement, or under a prepared statement:
 * the same work in a new transaction sees the new shape.
 */
export function isShapeChange(error: unknown): boolean {
  const code = sqlState(error);
  return code === '0A000' || code === '42703' || code === '42P01';
}

export function sqlState(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}

const isShutdown = (code: string): boolean => code.startsWith('57P') || code.startsWith('08');

const UNAVAILABLE = new Set(['55P03', '57014', '40P01', '40001', '25P02', '25P03', 'P0001']);

function statusOf(code: string): number {
  if (code === '23503' || code === '23505') return 409;
  if (code.startsWith('22') || code.startsWith('23')) return 400;
  if (UNAVAILABLE.has(code) || isShutdown(code) || code.startsWith('53')) return 503;
  return 500;
}
