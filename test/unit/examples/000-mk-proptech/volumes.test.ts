import { MAKERS } from '../../../../examples/000-mk-proptech/legacy/documents';
import { spread } from '../../../../examples/000-mk-proptech/legacy/volumes';

test.each([200, 2_000, 100_000])(
  '%d documents are spread without a remainder, and no collection is empty',
  (documents) => {
    const volumes = Object.values(spread(documents)) as number[];
    expect(volumes.reduce((sum, count) => sum + count, 0)).toBe(documents);
    expect(Math.min(...volumes)).toBeGreaterThan(0);
  },
);

test('too few documents are refused', () => {
  expect(() => spread(199)).toThrow('at least 200, but was 199');
});

test('every collection that gets documents has a maker', () => {
  expect(Object.keys(MAKERS).sort()).toEqual(Object.keys(spread(200)).sort());
});
