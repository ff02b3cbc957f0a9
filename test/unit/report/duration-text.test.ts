import { durationText } from '../../../src/report/duration-text';

describe('a span of time', () => {
  it.each([
    [0, '0ms'],
    [7.44, '7.4ms'],
    [250, '250ms'],
    [1400, '1.4s'],
    [59_960, '1m'],
    [61_000, '1m 1s'],
    [7_500_000, '2h 5m'],
    [86_400_000, '1d'],
    [90_061_000, '1d 1h'],
  ])('of %d ms reads %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});
