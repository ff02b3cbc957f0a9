import { FENCE_WORDS, fenceText } from '../../../src/core/fence-words';
import type { FenceSpec } from '../../../src/core/freeze-args';

const command = { argv: ['true'], timeoutMs: 1_000 };

const SPECS: readonly FenceSpec[] = [
  { mechanism: 'role' },
  { mechanism: 'validator' },
  { mechanism: 'write-block' },
  { mechanism: 'hook', close: command, open: command },
];

describe('what a gate shows of a fence', () => {
  it.each(SPECS)(
    '$mechanism: who opens it, what it does not stop, what else it stops, how to open it by hand',
    (spec) => {
      const text = fenceText(spec);
      expect(text).toMatch(
        /^(role|validator|write-block|hook), expires: watchdog\. does not stop: \S.*\. also stops: \S/,
      );
      expect(text).toContain('cutover fence open');
    },
  );

  it('says that a validator lets deletes go on, and asks no refusal of them', () => {
    expect(fenceText({ mechanism: 'validator' })).toContain('does not stop: deletes');
    expect(FENCE_WORDS.validator.refuses).toEqual(['insert', 'update']);
  });

  it('claims no refused write where there is no user to ask', () => {
    expect(FENCE_WORDS.hook.refuses).toEqual([]);
    expect(FENCE_WORDS.hook.doesNotStop.join()).toContain('change stream');
  });
});
