import { createProgress, elapsed, type ProgressStream } from '../../../src/dev/progress';

function recorder(isTTY: boolean): { readonly out: ProgressStream; readonly text: () => string } {
  let text = '';
  return { out: { isTTY, columns: 60, write: (more) => (text += more) }, text: () => text };
}

describe('createProgress', () => {
  it('without a terminal writes plain lines: start, now and then, end', async () => {
    const { out, text } = recorder(false);
    const { step } = createProgress({ out, env: {}, plainEvery: 5 });
    const result = await step('Building', async (note) => {
      note('3 modules');
      while (text().split('\n').length < 3) await new Promise(setImmediate);
      return 42;
    });
    expect(result).toBe(42);
    const lines = text().trimEnd().split('\n');
    expect(lines[0]).toBe('Building ...');
    expect(lines[1]).toBe('Building · 0.0 s · 3 modules');
    expect(lines.at(-1)).toBe('Building · done in 0.0 s · 3 modules');
    expect(text()).not.toContain('\u001b');
  });

  it('on a terminal keeps one line, marks the end, and cuts a long note to the width', async () => {
    const { out, text } = recorder(true);
    await createProgress({ out, env: {} }).step('Building', async (note) => note('x'.repeat(100)));
    expect(text().split('\n')).toHaveLength(2);
    expect(text()).toContain('\u001b[32m✓\u001b[0m Building');
    expect(text()).toContain('x'.repeat(40));
    expect(text()).not.toContain('x'.repeat(50));
  });

  it('honours NO_COLOR', async () => {
    const { out, text } = recorder(true);
    await createProgress({ out, env: { NO_COLOR: '1' } }).step('Building', async () => undefined);
    expect(text()).toContain('✓ Building');
    expect(text()).not.toContain('\u001b[32m');
  });

  it('shows a failure and hands the error on', async () => {
    const { out, text } = recorder(false);
    const work = createProgress({ out, env: {} }).step('Building', () => Promise.reject(new Error('no disk')));
    await expect(work).rejects.toThrow('no disk');
    expect(text()).toContain('Building · failed after 0.0 s');
  });
});

describe('elapsed', () => {
  it.each([
    [0, '0.0 s'],
    [950, '0.9 s'],
    [59_949, '59.9 s'],
    [59_960, '0 min 59 s'],
    [61_000, '1 min 01 s'],
    [600_000, '10 min 00 s'],
  ])('%d ms is %s', (ms, text) => expect(elapsed(ms)).toBe(text));
});
