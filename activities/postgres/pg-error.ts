import { CutoverError, describeError } from '../../src/core/failure';

/** SQLSTATE of whatever a driver threw. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Turns errors of these SQLSTATEs into Refused with `what` in front; everything else passes as it is. */
export async function refusing<T>(states: readonly string[], what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!states.includes(sqlState(error) ?? '')) throw error;
    throw new CutoverError('Refused', `${what}: ${describeError(error)}${dependents(error)}.`, { cause: error });
  }
}

/** DETAIL of other errors quotes rows, which belong in no log; that of 2BP01 names the objects that stand in the way. */
function dependents(error: unknown): string {
  if (sqlState(error) !== '2BP01' || typeof error !== 'object' || error === null || !('detail' in error)) return '';
  return ` (${String(error.detail).replaceAll('\n', '; ')})`;
}

export function refused(message: string): CutoverError {
  return new CutoverError('Refused', message);
}

/**
 * Data exceptions (class 22) quote the value of a row in their message, which would carry it into logs and histories:
 * they say enough without it.
 */
export function withoutValues(error: unknown): unknown {
  if (error instanceof Error && sqlState(error)?.startsWith('22') === true) {
    error.message = error.message.replace(/"[^]*"/, '"…"');
  }
  return error;
}
