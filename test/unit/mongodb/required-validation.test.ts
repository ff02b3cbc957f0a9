import { fillIn, isoformat } from '../../../activities/mongodb/fill';
import { requiredValidation, strictValidation } from '../../../activities/mongodb/required-validation';
import {
  holdsRequiredKey,
  readValidation,
  requiredKey,
  sameValidation,
  validationText,
  withoutKey,
  withRequiredKey,
} from '../../../activities/mongodb/validator';

const KEY = 'tenant_id';
const OWN = { n: { $gt: 1 } };

describe('the validator that asks for the key', () => {
  it('is added to what was there, once, and taken out exactly', () => {
    const both = withRequiredKey(OWN, KEY);
    expect(both).toEqual({ $and: [OWN, requiredKey(KEY)] });
    expect(withRequiredKey(both, KEY)).toBe(both);
    expect(withoutKey(both, KEY)).toBe(OWN);
    expect(withoutKey(withRequiredKey(undefined, KEY), KEY)).toBeUndefined();
  });

  it('is not mistaken for one of the application', () => {
    expect(holdsRequiredKey({ $and: [OWN, { tenant_id: { $exists: true } }] }, KEY)).toBe(false);
    expect(withoutKey(OWN, KEY)).toBe(OWN);
  });

  it('warns before the switch and refuses from then on, strictly in contract', () => {
    const warns = requiredValidation({}, KEY, 'warn');
    expect(warns).toEqual({ validator: requiredKey(KEY), validationLevel: 'moderate', validationAction: 'warn' });
    const refuses = requiredValidation(warns, KEY, 'error');
    expect(refuses).toEqual({ ...warns, validationAction: 'error' });
    expect(strictValidation(refuses, KEY)).toEqual({ ...refuses, validationLevel: 'strict' });
    expect(requiredValidation(refuses, KEY, 'warn')).toBe(refuses);
  });

  it('changes neither what the application refuses nor what it only warns of', () => {
    const enforced = { validator: OWN, validationLevel: 'strict', validationAction: 'error' } as const;
    expect(requiredValidation(enforced, KEY, 'warn')).toBe(enforced);
    expect(requiredValidation(enforced, KEY, 'error')).toEqual({ ...enforced, validator: withRequiredKey(OWN, KEY) });
    const warned = requiredValidation({ ...enforced, validationAction: 'warn' }, KEY, 'warn');
    expect(warned.validator).toEqual(withRequiredKey(OWN, KEY));
    expect(requiredValidation(warned, KEY, 'error').validator).toEqual(requiredKey(KEY));
    expect(requiredValidation({ ...enforced, validationLevel: 'off' }, KEY, 'warn').validator).toEqual(
      requiredKey(KEY),
    );
  });

  it('means the same where nothing was ever set and where it was set to nothing', () => {
    expect(sameValidation({}, { validator: {}, validationLevel: 'strict', validationAction: 'error' })).toBe(true);
    expect(sameValidation({}, { validationLevel: 'moderate' })).toBe(false);
    const kept = { validator: OWN, validationLevel: 'off' } as const;
    expect(sameValidation(readValidation(validationText(kept)), kept)).toBe(true);
  });
});

describe('fields filled as the application would', () => {
  it('are written as Python writes them', () => {
    expect(isoformat(new Date('2026-11-21T19:28:47.081Z'))).toBe('2026-11-21T19:28:47.081000+00:00');
    expect(isoformat(new Date('2026-11-21T19:28:47.000Z'))).toBe('2026-11-21T19:28:47+00:00');
  });

  it('have one time for all of a document', () => {
    const now = new Date('2026-11-21T19:28:47.081Z');
    const filled = fillIn({ a: 'now', b: 'now-iso', c: 'null', d: 'uuid' }, now);
    expect(filled).toMatchObject({ a: now, b: isoformat(now), c: null });
    expect(filled['d']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  });
});
