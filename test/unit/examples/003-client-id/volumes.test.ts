import { inserts } from '../../../../examples/003-client-id/legacy/inserts';
import { spread } from '../../../../examples/003-client-id/legacy/volumes';

describe('the generator of the legacy database', () => {
  test.each([100, 200_000, 1_000_000, 1_234_567])('spreads %d rows so that their sum is what was asked for', (rows) => {
    const volumes = spread(rows);
    expect(Object.values(volumes).reduce((sum, count) => sum + count, 0)).toBe(rows);
    expect(Math.min(...Object.values(volumes))).toBeGreaterThan(0);
  });

  test.each([0, 99, 1.5, Number.NaN])('refuses %d rows and says what to use instead', (rows) => {
    expect(() => spread(rows)).toThrow(/at least 100, but was .*; use for example 200000/);
  });

  test('draws nothing from the clock or from random()', () => {
    for (const { text } of inserts({ volumes: spread(1_000), seed: 7 })) expect(text).not.toMatch(/random\(|now\(/);
  });
});
