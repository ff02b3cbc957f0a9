import { nextWake } from '../../../src/core/reminders';
import { isTimeZone, untilOpen } from '../../../src/core/window';

const HOUR = 3_600_000;
const berlin = { from: '22:00', to: '05:00', tz: 'Europe/Berlin' };

describe('a window', () => {
  test.each([
    ['opens in the evening of its own zone, not of UTC', berlin, '2026-11-21T20:00:00Z', 1 * HOUR],
    ['is open over midnight', berlin, '2026-11-21T23:30:00Z', 0],
    ['is closed at its last minute', berlin, '2026-11-22T04:00:00Z', 17 * HOUR],
    ['within one day opens the next day', { from: '09:00', to: '17:00', tz: 'UTC' }, '2026-11-21T17:00:00Z', 16 * HOUR],
    [
      'counts the hour that a night in spring does not have',
      { from: '03:00', to: '04:00', tz: 'Europe/Berlin' },
      '2026-03-29T00:30:00Z',
      HOUR / 2,
    ],
    [
      'that begins within the missing hour opens when the clock is past it',
      { from: '02:30', to: '06:00', tz: 'Europe/Berlin' },
      '2026-03-29T00:30:00Z',
      HOUR / 2,
    ],
  ])('%s', (_title, window, at, expected) => expect(untilOpen(window, Date.parse(at))).toBe(expected));

  test('that never opens is an error, not an endless wait', () => {
    expect(() => untilOpen({ from: '10:00', to: '10:00', tz: 'UTC' }, 0)).toThrow(/never opens/);
  });
  test('needs a zone that exists', () => {
    expect(isTimeZone('Europe/Berlin')).toBe(true);
    expect(isTimeZone('Europe/Atlantis')).toBe(false);
  });
});

test('a gate reminds at half and at nine tenths of its time, then expires', () => {
  const gate = { openedAt: '2026-11-21T12:00:00.000Z', deadline: '2026-11-21T22:00:00.000Z' };
  const wakes = [0, 1, 2].map((reminded) => nextWake({ ...gate, reminded }));
  expect(wakes.map((w) => [w.why, new Date(w.at).toISOString()])).toEqual([
    ['remind', '2026-11-21T17:00:00.000Z'],
    ['remind', '2026-11-21T21:00:00.000Z'],
    ['expire', '2026-11-21T22:00:00.000Z'],
  ]);
});
