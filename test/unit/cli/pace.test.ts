import { Pace } from '../../../src/cli/pace';
import { progressText } from '../../../src/cli/progress-text';

const told = (done: number, more: object = {}) => ({
  type: 'backup',
  attempt: 1,
  heartbeat: { doing: 'copies rows', done, total: 10_000, unit: 'rows', ...more },
});

function seen(...samples: readonly (readonly [atSeconds: number, done: number])[]): string {
  const pace = new Pace();
  let text = '';
  for (const [at, done] of samples) text = progressText(told(done), pace.of(told(done), at * 1000));
  return text;
}

describe('progress', () => {
  it('has no rate at the first look', () => {
    expect(seen([0, 1000])).toBe('copies rows, 1000/10000 rows (10%)');
  });

  it('tells rate and time left from the second on', () => {
    expect(seen([0, 1000], [2, 1800])).toBe('copies rows, 1800/10000 rows (18%), 400/s, 20.5s left');
  });

  it('forgets how it was half a minute ago', () => {
    expect(seen([0, 0], [1, 5000], [40, 5100], [50, 5200], [60, 5300])).toContain(', 10/s, ');
  });

  it('says when nothing moves', () => {
    expect(seen([0, 1000], [2, 1800], [32, 1800])).toBe('copies rows, 1800/10000 rows (18%), unchanged for 30s');
  });

  it('begins anew with another attempt, and never runs backwards', () => {
    const pace = new Pace();
    pace.of(told(5000), 0);
    pace.of(told(6000), 1000);
    const again = { ...told(100), attempt: 2, lastFailure: 'connection reset' };
    expect(progressText(again, pace.of(again, 2000))).toBe(
      'copies rows, 100/10000 rows (1%); attempt 2, after: connection reset',
    );
    expect(seen([0, 6000], [1, 100])).toBe('copies rows, 100/10000 rows (1%)');
  });

  it('guesses nothing where time itself is counted', () => {
    const pace = new Pace();
    const watching = {
      type: 'observe',
      attempt: 1,
      heartbeat: { doing: 'probes', done: 60_000, total: 90_000, unit: 'ms' },
    };
    expect(progressText(watching, pace.of(watching, 0))).toBe('probes, 1m/1m 30s (66%), 30s left');
  });

  it.each([undefined, null, 7, 'x', {}, { doing: 5 }, { done: 1 }])('is silent about %j', (heartbeat) => {
    const activity = { type: 'key', attempt: 1, heartbeat };
    expect(progressText(activity, new Pace().of(activity, 0))).toBe('');
  });
});
