/** E11000, alone or among the errors of a bulk. Its message quotes values of documents: say it in other words. */
export function isDuplicateKey(error: unknown): boolean {
  return codeOf(error) === DUPLICATE_KEY;
}

/** The server's code of whatever a driver threw. Where numbers are read as BSON types, so is the code of an error. */
export function codeOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  const { code } = error;
  if (typeof code === 'number') return code;
  const boxed = typeof code === 'object' && code !== null && '_bsontype' in code ? Number(code) : Number.NaN;
  return Number.isNaN(boxed) ? undefined : boxed;
}

const DUPLICATE_KEY = 11_000;
