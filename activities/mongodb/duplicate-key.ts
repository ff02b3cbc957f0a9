/** E11000, alone or among the errors of a bulk. Its message quotes values of documents: say it in other words. */
export function isDuplicateKey(error: unknown): boolean {
  return codeOf(error) === DUPLICATE_KEY;
}

/** The server's code of whatever a driver threw. */
export function codeOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'number' ? error.code : undefined;
}

const DUPLICATE_KEY = 11_000;
