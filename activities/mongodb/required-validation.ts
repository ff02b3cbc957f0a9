import { holdsRequiredKey, requiredKey, withRequiredKey, type Validation, type ValidationAction } from './validator';

/**
 * The validation that asks for the key, made of the one that is there. A collection has one level and one action for all
 * of its validator, and neither may change for what the application had before:
 * - a validator of its own that refuses documents goes on refusing them: `warn` leaves it alone, `error` adds the key;
 * - one that only warns, or is off, must not begin to refuse: at `error` the key stands alone.
 * `moderate` where the key stands alone, so that documents without it can still be changed before the sweep.
 */
export function requiredValidation(current: Validation, column: string, action: ValidationAction): Validation {
  const { validator } = current;
  const alone = { validator: requiredKey(column), validationLevel: 'moderate', validationAction: action } as const;
  if (isEnforced(current)) {
    if (holdsRequiredKey(validator, column) || action === 'warn') return current;
    return { ...current, validator: withRequiredKey(validator, column), validationAction: 'error' };
  }
  if (action === 'error' || isOff(current)) return alone;
  return { ...alone, validator: withRequiredKey(validator, column) };
}

/** Contract: every write is checked, also of documents that fail now; ask first how many those are. */
export function strictValidation(current: Validation, column: string): Validation {
  return { ...requiredValidation(current, column, 'error'), validationLevel: 'strict', validationAction: 'error' };
}

/** Whether it refuses any document. */
export function isEnforced({ validator, validationLevel, validationAction }: Validation): boolean {
  return validator !== undefined && validationLevel !== 'off' && validationAction !== 'warn';
}

function isOff({ validator, validationLevel }: Validation): boolean {
  return validator === undefined || validationLevel === 'off';
}
