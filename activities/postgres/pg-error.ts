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
    throw new CutoverError('Refused', `${what}: ${describeError(error)}.`, { cause: error });
  }
}

export function refused(message: string): CutoverError {
  return new CutoverError('Refused', message);
}
