import { PassThrough } from 'node:stream';
import { ask } from '../../../src/cli/ask';
import { sink } from './host';

function terminal() {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin });
  const stderr = sink();
  return { stdin, stderr, asked: ask({ stdin, stderr: stderr.stream, question: 'Name? ', instead: '--yes' }) };
}

describe('a question', () => {
  it('is answered by one line, and put on stderr', async () => {
    const { stdin, stderr, asked } = terminal();
    stdin.write('phase-1\r');
    await expect(asked).resolves.toBe('phase-1');
    expect(stderr.text()).toContain('Name? ');
  });

  it('that Ctrl-C ends exits with 130', async () => {
    const { stdin, asked } = terminal();
    stdin.write('pha\u0003');
    await expect(asked).rejects.toMatchObject({ exitCode: 130 });
  });

  it('that the end of the input leaves unanswered sends nothing', async () => {
    const { stdin, asked } = terminal();
    stdin.end();
    await expect(asked).rejects.toMatchObject({ exitCode: 1, message: expect.stringContaining('nothing was sent') });
  });

  it('is not put where nobody sits, and says what to give instead', async () => {
    const asked = ask({
      stdin: new PassThrough(),
      stderr: sink().stream,
      question: '?',
      instead: '--evidence x --yes',
    });
    await expect(asked).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining('--evidence x --yes') });
  });
});
