import { CutoverError } from '../../src/core/failure';
import type { Json } from '../../src/core/json';
import type { VerbContext } from '../context';

/**
 * What this step captured on its way forward; undefined when it did not get so far, which means that it changed nothing:
 * captures come before effects.
 */
export async function recall<T extends Json>(context: VerbContext, name: string): Promise<T | undefined> {
  try {
    return await context.captured<T>({ step: context.step.id, name });
  } catch (error) {
    if (error instanceof CutoverError && error.type === 'Refused') return undefined;
    throw error;
  }
}
