import { CutoverError } from '../../src/core/failure';

/** The sentence carries the nouns and the next move; never a value of a document. */
export function refused(message: string): CutoverError {
  return new CutoverError('Refused', message);
}
