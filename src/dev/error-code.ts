/**
 * The code of a system or PostgreSQL error, such as EEXIST or 28P01; empty when there is none. Read by shape: under
 * jest, Node's own errors come from another realm and are not `instanceof Error`.
 */
export function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/** The message of whatever was thrown; several tries of one connection (AggregateError) have none but a code. */
export function errorMessage(error: unknown): string {
  const message =
    typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
  return message === '' ? errorCode(error) : message;
}
