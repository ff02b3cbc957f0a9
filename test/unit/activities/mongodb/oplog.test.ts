import { fullWindowMs, oplogFindings } from '../../../../activities/mongodb/preflight/oplog';

const MIN = 60_000;
const HOUR = 60 * MIN;
const size = (usedBytes: number): { usedBytes: number; maxBytes: number } => ({ usedBytes, maxBytes: 1_000 });

describe('the oplog window', () => {
  it('fails when a full oplog holds less than three times what the run is expected to take, and says what to do', () => {
    const { checks } = oplogFindings({ oplogWindowMs: 2 * HOUR, oplogSize: size(980) }, HOUR);
    expect(checks).toEqual([
      {
        name: 'oplog window',
        verdict: 'fail',
        expected: 'the server remembers changes for 3.0 h (3 x preflight.expected)',
        observed: expect.stringMatching(
          /^2\.0 h of changes, and 3\.0 h are needed \(3 x preflight\.expected of 1\.0 h\); enlarge the oplog with replSetResizeOplog/,
        ) as string,
      },
    ]);
  });

  it('passes when a full oplog holds as much', () => {
    const { checks, warnings } = oplogFindings({ oplogWindowMs: 3 * HOUR, oplogSize: size(1_000) }, HOUR);
    expect(checks).toMatchObject([{ verdict: 'pass', observed: '3.0 h' }]);
    expect(warnings).toBeUndefined();
  });

  it.each([
    ['fails', 500, 30 * MIN, 1 * HOUR],
    ['passes', 100, 30 * MIN, 5 * HOUR],
  ])('%s by what one that is not full will hold at its pace', (word, used, windowMs, full) => {
    const told = { oplogWindowMs: windowMs, oplogSize: size(used) };
    expect(fullWindowMs(told, 3 * HOUR)).toBe(full);
    expect(oplogFindings(told, HOUR).checks[0]?.verdict).toBe(word === 'fails' ? 'fail' : 'pass');
  });

  it.each([
    ['the user may not ask', { oplogWindowMs: undefined, oplogSize: undefined }, /clusterMonitor/],
    [
      'the server tells no size',
      { oplogWindowMs: 9 * HOUR, oplogSize: undefined },
      /does not tell how large its oplog is/,
    ],
    [
      'the server is young',
      { oplogWindowMs: 5 * MIN, oplogSize: size(10) },
      /holds less than 10 min, which tells no pace/,
    ],
  ])('is a warning and no pass when %s', (_why, told, words) => {
    const { checks, warnings } = oplogFindings(told, HOUR);
    expect(checks).toEqual([]);
    expect(warnings?.join()).toMatch(words);
    expect(warnings?.join()).toContain('3.0 h (3 x preflight.expected)');
  });

  it('is compared with nothing, and says so, when the plan does not say how long the run may take', () => {
    const { checks, warnings } = oplogFindings({ oplogWindowMs: 9 * HOUR, oplogSize: size(1_000) }, undefined);
    expect(checks).toEqual([]);
    expect(warnings?.join()).toMatch(/compared with nothing \(it holds 9\.0 h now\): say under preflight\.expected/);
  });
});
