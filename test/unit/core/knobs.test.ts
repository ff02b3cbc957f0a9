import { knobsIn, knobsText, outOfBounds, owedMs, parseKnobs, refusesKnobs } from '../../../src/core/knobs';
import type { People } from '../../../src/core/people';

const people: People = { roles: { 'dba-1': ['dba'] }, digest: 'sha256:people', mode: 'claimed' };

describe('what `cutover set` understands', () => {
  it('is numbers, and auto for what the tool shall decide again', () => {
    expect(parseKnobs(['window=200', 'pauseMs=0', 'maxPerSecond=auto'])).toEqual({
      set: { window: 200, pauseMs: 0 },
      auto: ['maxPerSecond'],
    });
  });

  it.each([
    [[], /^Nothing is set; write one of window=<number or auto>/],
    [['window'], /^"window" sets nothing/],
    [['windows=5'], /^"windows=5" sets nothing/],
    [['__proto__=5'], /sets nothing/],
    [['constructor=5'], /sets nothing/],
    [['window=5', 'window=auto'], /^window is given twice/],
    [['window=0'], /^window: found 0, expected rows or documents per window, 1 to 10,000, or auto/],
    [['window=10001'], /found 10001/],
    [['window=1e3'], /found "1e3"/],
    [['window=-5'], /found "-5"/],
    [['window=5.5'], /found "5.5"/],
    [['window=99999999999999999999'], /found "9+"/],
    [['pauseMs=50ms'], /found "50ms", expected milliseconds between two windows/],
    [['pauseMs='], /found ""/],
    [['maxPerSecond=0'], /found 0, expected rows or documents per second/],
  ])('refuses %j and says what may stand there', (words, sentence) => {
    expect(parseKnobs(words)).toMatch(sentence);
  });
});

describe('what a worker takes', () => {
  const input = { home: 'app', run: 'p.0123abcd', by: 'dba-1', set: { window: 5 }, auto: [] };

  it('comes from somebody of its people file, and is within the bounds whoever has checked before', () => {
    expect(refusesKnobs(people, input)).toBeUndefined();
    expect(refusesKnobs(people, { ...input, set: {}, auto: ['window'] })).toBeUndefined();
    expect(refusesKnobs(people, { ...input, by: 'eve' })).toMatch(/Nobody of the name eve/);
    expect(refusesKnobs(people, { ...input, by: 'toString' })).toMatch(/Nobody/);
    expect(refusesKnobs(people, { ...input, set: {} })).toBe('Nothing is set.');
    for (const window of [0, 1.5, -1, Number.NaN, Infinity, '7' as never])
      expect(refusesKnobs(people, { ...input, set: { window } })).toMatch(/^window: found/);
  });
});

describe('what is stored', () => {
  it('counts as far as it is a knob within its bounds', () => {
    expect(knobsIn({ window: 5, pauseMs: null, maxPerSecond: 'x', by: 'dba-1', _id: 'r' })).toEqual({ window: 5 });
    expect(knobsIn(null)).toEqual({});
    expect(knobsIn('window')).toEqual({});
    expect(outOfBounds({})).toBeUndefined();
  });

  it('is shown in one line', () => {
    expect(knobsText({ maxPerSecond: 10, window: 5 })).toBe('window=5, maxPerSecond=10');
    expect(knobsText({})).toBe('');
  });
});

it('a rate owes the time that the work was too fast, and nothing more', () => {
  expect(owedMs(200, 50, { maxPerSecond: 1_000 })).toBe(150);
  expect(owedMs(200, 500, { maxPerSecond: 1_000 })).toBe(0);
  expect(owedMs(200, 50, {})).toBe(0);
});
