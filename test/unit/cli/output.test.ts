import { Writable } from 'node:stream';
import { Output } from '../../../src/cli/output';
import { sink } from './host';

function output(env: NodeJS.ProcessEnv = {}, json = false, terminal = {}) {
  const [stdout, stderr] = [sink(), sink()];
  const out = new Output({ stdout: Object.assign(stdout.stream, terminal), stderr: stderr.stream, env, json });
  return { out, stdout, stderr };
}

describe('output', () => {
  it('shows control characters of foreign texts as escapes, and keeps its own colours', () => {
    const { out, stdout } = output({ FORCE_COLOR: '1' });
    out.line(`${out.paint('red', 'bad')} name\u001b[2J\u202e\u0007`);
    expect(stdout.text()).toBe('\u001b[31mbad\u001b[0m name\\u001b[2J\\u202e\\u0007\n');
  });

  it.each([
    [{}, {}, false],
    [{}, { isTTY: true }, true],
    [{ NO_COLOR: '1' }, { isTTY: true }, false],
    [{ TERM: 'dumb' }, { isTTY: true }, false],
    [{ FORCE_COLOR: '1' }, {}, true],
    [{ FORCE_COLOR: '0' }, {}, false],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, {}, false],
  ])('with %j on %j uses colours: %s', (env, terminal, colour) => {
    expect(output(env, false, terminal).out.style.colour).toBe(colour);
  });

  it('keeps to ASCII where the locale is not UTF-8', () => {
    const { out, stdout } = output({ LANG: 'C' });
    out.line('1 × lead … Ü');
    expect(stdout.text()).toBe('1 x lead ... ?\n');
  });

  it('with --json prints the data alone', () => {
    const { out, stdout, stderr } = output({}, true);
    out.line('for people');
    out.remark('for people');
    out.data({ ok: true });
    expect([JSON.parse(stdout.text()), stderr.text()]).toEqual([{ ok: true }, '']);
  });

  it('takes credentials out of whatever it prints', () => {
    const { out, stdout } = output();
    out.line('postgres://u:Canary@h');
    expect(stdout.text()).toBe('postgres://***@h\n');
  });

  it.each([
    ['EPIPE', undefined],
    ['ENOSPC', 'stdout cannot be written (ENOSPC)'],
  ])('goes quiet at %s', async (code, failure) => {
    const stdout = new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })) });
    const out = new Output({ stdout, stderr: sink().stream, env: {}, json: false });
    out.line('lost');
    await new Promise((resolve) => setImmediate(resolve));
    out.line('not even tried');
    expect(out.closed).toBe(true);
    await expect(out.finish()).resolves.toBe(failure);
  });
});
