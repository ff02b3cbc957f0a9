import { PassThrough } from 'node:stream';
import { Output } from '../../../src/cli/output';
import type { Io } from '../../../src/cli/shell';
import { watch } from '../../../src/cli/watch';
import { TemporalUnreachable } from '../../../src/runtime/temporal';
import { sink } from './host';

interface Value {
  readonly head: string;
  readonly moving?: string;
  readonly end?: boolean;
}

/** A watch whose looks give these values or errors, one after the other. */
async function watched(looks: readonly (Value | Error)[], terminal = false) {
  const stdout = sink();
  const stream = Object.assign(stdout.stream, terminal ? { isTTY: true } : {});
  const out = new Output({ stdout: stream, stderr: sink().stream, env: { NO_COLOR: '1' }, json: false });
  const host = {
    stdin: new PassThrough(),
    stdout: stream,
    stderr: sink().stream,
    env: {},
    onInterrupt: () => () => undefined,
  };
  const [first, ...rest] = looks;
  if (!first || first instanceof Error) throw new Error('The first look is a value.');
  let place = 0;
  const last = await watch<Value>({
    io: { out, host } as unknown as Io,
    first,
    everyMs: 1,
    read: () => {
      const next = rest[place];
      place += 1;
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next ?? { head: 'none left', end: true });
    },
    lines: (value) => [value.head, value.moving ?? ''],
    line: (value) => ({ head: value.head, moving: value.moving ?? '' }),
    ended: (value) => value.end ?? false,
  });
  return { last, text: stdout.text() };
}

const away = (code = 14) => Object.assign(new Error('connection refused'), { code });

describe('watch', () => {
  it('without a terminal prints a line when something happens, not when something merely moves', async () => {
    const { text } = await watched([
      { head: 'backup: running', moving: '1%' },
      { head: 'backup: running', moving: '2%' },
      { head: 'backup: running', moving: '3%' },
      { head: 'expand: running' },
      { head: 'done', end: true },
    ]);
    expect(
      text
        .trim()
        .split('\n')
        .map((l) => l.replace(/^\S+ /, '')),
    ).toEqual(['backup: running (1%)', 'expand: running', 'done']);
  });

  it('waits for a Temporal server that goes away, says so once, and goes on', async () => {
    const { text, last } = await watched([
      { head: 'backup: running' },
      away(),
      away(4),
      new TemporalUnreachable('No Temporal server answers at h:1'),
      { head: 'done', end: true },
    ]);
    expect(last.head).toBe('done');
    expect(text.match(/does not answer/g)).toHaveLength(1);
    expect(text).toMatch(
      /does not answer \(connection refused\); trying again.*\n.*answers again; it was away since.*\n.*done/,
    );
  });

  it('on a terminal keeps the last picture, with a line below that says how old it is', async () => {
    const { text } = await watched([{ head: 'backup: running' }, away(), { head: 'done', end: true }], true);
    expect(text).toMatch(
      /backup: running\n[^]*Temporal does not answer since .* \(connection refused\); above is what was last known/,
    );
    expect(text.lastIndexOf('does not answer')).toBeLessThan(text.lastIndexOf('done'));
  });

  it('ends with an error that waiting does not mend', async () => {
    await expect(watched([{ head: 'backup: running' }, away(7)])).rejects.toThrow('connection refused');
  });
});
