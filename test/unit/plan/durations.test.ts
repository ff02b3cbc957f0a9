import { assert, integer, property } from 'fast-check';
import { LONGEST_MS, formatDuration, parseDuration } from '../../../src/plan/durations';

describe('a duration', () => {
  test.each([
    ['500ms', 500],
    ['2s', 2000],
    ['5m', 300_000],
    ['4h', 14_400_000],
    ['30d', 2_592_000_000],
  ])('%s is %d milliseconds', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
    expect(formatDuration(ms)).toBe(text);
  });

  test.each([
    '',
    '5',
    's',
    '5 m',
    ' 5m',
    '5m ',
    '-1s',
    '+1s',
    '1.5h',
    '1e3s',
    '0s',
    '05m',
    '5M',
    '5 minutes',
    '367d',
    '999999999d',
    '1h30m',
    '٣s',
    '5m\n',
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('is written so that it reads back as the same span', () => {
    assert(
      property(
        integer({ min: 1, max: LONGEST_MS }),
        (ms) => (ms > 999_999_999 && ms % 1000 !== 0) || parseDuration(formatDuration(ms)) === ms,
      ),
    );
  });
});
