import { missingKey } from './missing';
import { withoutKey, type Validation } from './validator';

/**
 * Refuses that a document gets a valid key. Moderate: documents that have one do not satisfy it and may be written
 * freely until their turn comes; one that was taken back satisfies it and stays so. The application's own validator
 * goes on where it refused before.
 */
export function refusingKey(before: Validation, column: string): Validation {
  const own = withoutKey(before.validator, column);
  const refuses = own && before.validationAction !== 'warn' && before.validationLevel !== 'off';
  return {
    validator: refuses ? { $and: [own, missingKey(column)] } : missingKey(column),
    validationLevel: 'moderate',
    validationAction: 'error',
  };
}
