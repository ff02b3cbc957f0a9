import { CutoverError } from '../../src/core/failure';
import type { Captured } from '../../src/core/tenancy-args';
import type { VerbContext } from '../context';
import type { Staged } from './config-store';

/** What a config step has staged; undefined where it did not get so far, so that nothing of it can be live. */
export async function stagedBy(
  context: Pick<VerbContext, 'captured'>,
  reference: Captured,
): Promise<Staged | undefined> {
  try {
    return await context.captured<Staged>(reference);
  } catch (error) {
    if (error instanceof CutoverError && error.type === 'Refused') return undefined;
    throw error;
  }
}
