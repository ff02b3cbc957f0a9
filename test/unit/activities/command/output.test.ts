import { PassThrough } from 'node:stream';
import { hideValues } from '../../../../activities/command/hide-values';
import { Output } from '../../../../activities/command/output';

const SECRET = 'Canary-first-half-second-half-Canary';

/** The secret lies across the place where the output kept for its end begins. */
function cutThrough(ending: string): Output {
  const stream = new PassThrough();
  const output = new Output(stream);
  const kept = 64 * 1024;
  const rest = `${'y'.repeat(kept - 18 - ending.length)}${ending}`;
  stream.write(`${'x'.repeat(100_000)}${SECRET}${rest}`);
  return output;
}

describe('the end of a long output', () => {
  it.each([
    ['\nlast line', 'last line'],
    [' of a single line', 'yyy'],
    [' of a single line\n', 'yyy'],
  ])('shows no half of a secret that was cut, before %j', (ending, seen) => {
    const shown = cutThrough(ending).lastLines(hideValues([SECRET]));
    expect(shown).toContain(seen);
    expect(shown).not.toContain('half');
  });
});
