import {
  adapt,
  adaptAlone,
  FIRST_PACE,
  held,
  median,
  upperQuartile,
  type Pace,
} from '../../../../activities/mongodb/pace';
import { owedMs } from '../../../../src/core/knobs';
import { pace } from '../../../../activities/mongodb/through-windows';

const IDLE = 4;

describe('the pace of a backfill', () => {
  it('grows while an operation costs about what it cost when idle, up to 2,000 documents', () => {
    expect(adapt(FIRST_PACE, IDLE, IDLE)).toEqual({ docs: 250, pauseMs: 0 });
    expect(times(30, IDLE)).toEqual({ docs: 2_000, pauseMs: 0 });
  });

  it('halves its windows at once when an operation costs more than three times as much', () => {
    expect(adapt({ docs: 800, pauseMs: 0 }, 3.1 * IDLE, IDLE)).toEqual({ docs: 400, pauseMs: 0 });
  });

  it('pauses only when its windows are as small as they get, and never for long', () => {
    expect(times(1, 10 * IDLE)).toEqual({ docs: 200, pauseMs: 2 });
    expect(times(50, 10 * IDLE)).toEqual({ docs: 200, pauseMs: 20 });
    expect(times(50, 4 * IDLE)).toEqual({ docs: 200, pauseMs: 0 });
  });

  it('takes back its pause before it grows', () => {
    expect(adapt({ docs: 200, pauseMs: 8 }, IDLE, IDLE)).toEqual({ docs: 200, pauseMs: 4 });
    expect(adapt({ docs: 200, pauseMs: 2 }, IDLE, IDLE)).toEqual({ docs: 200, pauseMs: 0 });
  });

  it('stays where it is near the limit', () => {
    expect(adapt(FIRST_PACE, 2.5 * IDLE, IDLE)).toEqual(FIRST_PACE);
  });

  it('takes no notice of fractions of a millisecond', () => {
    expect(adapt(FIRST_PACE, 1, 0.1).docs).toBeGreaterThan(FIRST_PACE.docs);
  });

  it('doubles its windows where nobody else works on the server, up to 2,000 documents', () => {
    expect(adaptAlone(FIRST_PACE, 5)).toEqual({ docs: 400, pauseMs: 0 });
    expect(adaptAlone({ docs: 1_600, pauseMs: 20 }, 25)).toEqual({ docs: 2_000, pauseMs: 0 });
  });

  it('keeps even then whoever comes first from waiting longer than 50 ms for a window', () => {
    expect(adaptAlone({ docs: 1_000, pauseMs: 0 }, 26)).toEqual({ docs: 1_000, pauseMs: 0 });
    expect(adaptAlone({ docs: 1_000, pauseMs: 0 }, 51)).toEqual({ docs: 500, pauseMs: 0 });
    expect(adaptAlone(FIRST_PACE, 500)).toEqual(FIRST_PACE);
  });

  it('is what the operator says, within the bounds', () => {
    expect(held(FIRST_PACE, { window: 10, pauseMs: 3_000 })).toEqual({ docs: 10, pauseMs: 3_000 });
    expect(held(FIRST_PACE, { window: 1_000_000 }).docs).toBe(2_000);
    expect(held(FIRST_PACE, {})).toEqual(FIRST_PACE);
  });

  it('owes the time that a rate demands', () => {
    expect(owedMs(200, 50, { maxPerSecond: 1_000 })).toBe(150);
    expect(owedMs(200, 500, { maxPerSecond: 1_000 })).toBe(0);
    expect(owedMs(200, 50, {})).toBe(0);
  });

  it('is told in words', () => {
    expect(pace(12_300, 1_000, 246_000)).toBe(': 12,300 documents/s, about 20 s left');
    expect(pace(1_000, 1_000, 600_000)).toBe(': 1,000 documents/s, about 10 min left');
    expect(pace(0, 1_000, 10)).toBe('');
  });

  it('goes by the median when idle, and by what one in four exceeds while windows are written', () => {
    expect(median([5, 1, 100])).toBe(5);
    expect(median([])).toBe(0);
    expect(upperQuartile([9, 1, 2, 3])).toBe(3);
    expect(upperQuartile([7])).toBe(7);
  });
});

function times(count: number, now: number): Pace {
  let found: Pace = FIRST_PACE;
  for (let i = 0; i < count; i++) found = adapt(found, now, IDLE);
  return found;
}
