import { assert, property, string } from 'fast-check';
import { fit, foreignKeyName, indexName, requiredName } from '../../../src/plan/names';

describe('a name that the plan does not give', () => {
  it('says what it is', () => {
    expect(indexName('public.uploads', ['client_id', 'created_at desc'])).toBe('idx_uploads_client_id_created_at');
    expect(foreignKeyName('public.users', 'client_id')).toBe('users_client_id_fkey');
    expect(requiredName('public.users', 'client_id')).toBe('cutover_users_client_id_required');
  });

  it('fits into the 63 bytes that PostgreSQL keeps, and differs where the long ones differ', () => {
    assert(
      property(string({ unit: 'grapheme', maxLength: 80 }), string({ unit: 'grapheme', maxLength: 80 }), (a, b) => {
        expect(Buffer.byteLength(fit(a))).toBeLessThanOrEqual(63);
        expect(fit(a) === fit(b)).toBe(a === b);
      }),
    );
  });

  it('of a long table ends in digits of its own', () => {
    const name = requiredName(`public.${'t'.repeat(60)}`, 'client_id');
    expect(name).toMatch(/^cutover_t+_[0-9a-f]{8}$/);
    expect(Buffer.byteLength(name)).toBe(63);
  });
});
