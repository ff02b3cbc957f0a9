import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askCommand, runCommand } from '../../../../activities/command/run-command';
import type { Resources } from '../../../../activities/resources';
import type { CommandSpec } from '../../../../src/core/outside-args';
import { workerResources } from '../../../support/worker-resources';
import { temporaryFolder } from '../../runtime/temp-file';

const NODE = process.execPath;
const folder = temporaryFolder();
const { signal } = new AbortController();

function worker(commands: Partial<Resources['commands']> = {}, env?: string): Resources {
  return workerResources({
    commands: { allow: [NODE, 'sh', 'env'], cwd: folder.path, ...commands },
    targets: env === undefined ? [] : [{ kind: 'env-file', name: 'settings', path: env }],
  });
}

function js(code: string, rest: Partial<CommandSpec> = {}): CommandSpec {
  return { argv: [NODE, '-e', code], timeoutMs: 20_000, ...rest };
}

function sh(script: string, rest: Partial<CommandSpec> = {}): CommandSpec {
  return { argv: ['sh', '-c', script], timeoutMs: 20_000, ...rest };
}

/** Gone, or a zombie that nobody has collected yet. */
function gone(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}

function pidIn(name: string): number {
  return Number(readFileSync(join(folder.path, name), 'utf8'));
}

describe('a command', () => {
  it('hands its arguments over literally: spaces, quotes and signs of a shell', async () => {
    const args = ['a b', '"q"', "it's", ';', '$(id)', '`id`', '*', '--', '', '\\', 'é\n'];
    const spec = js('process.stdout.write(JSON.stringify(process.argv.slice(1)))');
    const { stdout } = await runCommand(worker(), { ...spec, argv: [...spec.argv, '--', ...args] }, { signal });
    expect(JSON.parse(stdout)).toEqual(args);
  });

  it('says its exit code and its last lines, and none of its arguments, when it fails', async () => {
    const spec = sh('echo one; echo broken >&2; exit 7');
    const failure = runCommand(worker(), { ...spec, argv: [...spec.argv, 'argument-1'] }, { signal });
    await expect(failure).rejects.toMatchObject({
      type: 'CommandFailed',
      message: expect.stringMatching(/^sh ended with exit code 7; it said: broken$/) as string,
    });
  });

  it('gives any exit code as an answer where that is asked', async () => {
    expect((await askCommand(worker(), sh('exit 3'), { signal })).code).toBe(3);
  });

  it('gets no variable of the worker but those that its config lets through', async () => {
    process.env.CUTOVER_TEST_SEEN = 'seen';
    process.env.CUTOVER_TEST_UNSEEN = 'unseen';
    const { stdout } = await runCommand(
      worker({ env: ['CUTOVER_TEST_SEEN'] }),
      { argv: ['env'], timeoutMs: 5_000 },
      { signal, extraEnv: { EXTRA: '1' } },
    );
    const names = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(names.sort()).toEqual(['CUTOVER_TEST_SEEN', 'EXTRA', 'HOME', 'LANG', 'PATH']);
  });

  it('finds a text anywhere in its output, however long that is', async () => {
    const code = `process.stdout.write('x'.repeat(400000) + 'need'); setTimeout(() => process.stdout.write('le' + 'y'.repeat(400000)), 50)`;
    expect((await runCommand(worker(), js(code), { signal, contains: 'needle' })).contained).toBe(true);
    expect((await runCommand(worker(), js(code), { signal, contains: 'noodle' })).contained).toBe(false);
  });

  it('strips what a terminal would act upon', async () => {
    const { stdoutTail } = await runCommand(
      worker(),
      js(`process.stdout.write('\\u001b[31mred\\u001b[0m \\u001b]0;title\\u0007 \\u202eback\\rnew\\u0008')`),
      { signal },
    );
    expect(stdoutTail).toBe('red  back\nnew');
  });
});

describe('a command that does not end', () => {
  it('is ended at its timeout with all its group', async () => {
    const spec = sh('sleep 300 & echo $! > child-1; echo started; wait', { timeoutMs: 500 });
    await expect(runCommand(worker(), spec, { signal })).rejects.toMatchObject({
      type: 'CommandFailed',
      message: expect.stringContaining('not done within 500 ms') as string,
    });
    expect(gone(pidIn('child-1'))).toBe(true);
  });

  it('is killed when it ignores the request to end, and so are its children', async () => {
    const spec = sh(
      `trap '' TERM; (trap '' TERM; while :; do sleep 300; done) & echo $! > child-2; while :; do sleep 1; done`,
      { timeoutMs: 300 },
    );
    await expect(runCommand(worker(), spec, { signal })).rejects.toMatchObject({ type: 'CommandFailed' });
    expect(gone(pidIn('child-2'))).toBe(true);
  }, 20_000);

  it('is no success when it ends with code 0 because it was told to', async () => {
    const spec = js(`process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1000); console.log('up')`, {
      timeoutMs: 700,
    });
    await expect(runCommand(worker(), spec, { signal })).rejects.toMatchObject({ type: 'CommandFailed' });
  });

  it('is ended when the attempt is cancelled, which is what is thrown', async () => {
    const cancelled = new AbortController();
    const running = runCommand(worker(), sh('echo $$ > child-3; sleep 300'), {
      signal: cancelled.signal,
      progress: () => setTimeout(() => cancelled.abort(new Error('cancelled by a test')), 300),
    });
    await expect(running).rejects.toThrow('cancelled by a test');
    expect(gone(pidIn('child-3'))).toBe(true);
  });

  it('leaves nobody of its group behind when it ends by itself', async () => {
    const { stdoutTail } = await runCommand(worker(), sh('sleep 300 & echo $! > child-4; echo done'), { signal });
    expect(stdoutTail).toBe('done');
    expect(gone(pidIn('child-4'))).toBe(true);
  });

  it('lets a service go that is leaving its group when the script behind which it was started has ended', async () => {
    const leaving = '(sleep 0.3; exec setsid sh -c "echo \\$\\$ > service; exec sleep 60") & echo done';
    await runCommand(worker(), sh(`${leaving}`), { signal });
    const pid = pidIn('service');
    expect(gone(pid)).toBe(false);
    process.kill(pid);
  });

  it('does not start at all once the attempt is cancelled', async () => {
    const running = runCommand(worker(), sh('touch never'), { signal: AbortSignal.abort(new Error('too late')) });
    await expect(running).rejects.toThrow('too late');
    expect(() => readFileSync(join(folder.path, 'never'))).toThrow();
  });
});

describe('a command that floods', () => {
  it('is read to its end in bounded memory', async () => {
    const before = process.memoryUsage().rss;
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
    const spec = sh('head -c 209715200 /dev/zero | tr "\\0" "x"; echo; echo the end', { timeoutMs: 60_000 });
    const result = await runCommand(worker(), spec, { signal });
    clearInterval(watch);
    expect(result.stdoutTail.split('\n').at(-1)).toBe('the end');
    expect(result.stdout).toHaveLength(256 * 1024);
    expect(result.truncated).toBe(true);
    expect((most - before) / 2 ** 20).toBeLessThan(120);
  }, 60_000);
});

describe('secrets of an env file', () => {
  it('reach the program and not its output, whole, as JSON, across colours, or cut in the middle', async () => {
    const file = folder.write(
      '.env',
      `export DB_PASSWORD='Canary-"quoted"-1'\nNOTE=Canary-plain-2\nMONGO_URL=mongodb://u:Canary-pw-3@h/db\n`,
      0o600,
    );
    const code = `
      const { DB_PASSWORD: a, NOTE: b, MONGO_URL: c } = process.env;
      console.log(a, JSON.stringify({ a }), b, c, Buffer.from(b).toString('base64'));
      console.log(b.slice(0, 6) + '\\u001b[1m' + b.slice(6));
      console.error(b);
      process.exit(1);`;
    const running = runCommand(worker({}, file), js(code, { env: 'settings' }), { signal });
    await expect(running).rejects.toMatchObject({ message: expect.stringContaining('***') as string });
    await expect(running).rejects.not.toThrow(/Canary/);
    const answer = await askCommand(worker({}, file), js(code, { env: 'settings' }), { signal });
    expect(answer.stdoutTail + answer.stderrTail).not.toContain('Canary');
    expect(answer.stdout).toContain('Canary-"quoted"-1');
  });

  it('are not read by a shell: what one would compute is refused, with its line and without its value', async () => {
    const file = folder.write('.env.sh', 'A=1\nB=$(touch pwned)Canary-4\n');
    const running = runCommand(worker({}, file), sh('true', { env: 'settings' }), { signal });
    await expect(running).rejects.toMatchObject({
      type: 'Refused',
      message: expect.stringContaining('line 2') as string,
    });
    await expect(running).rejects.not.toThrow(/Canary/);
  });
});

describe('what may be run', () => {
  it('refuses a program that is not allowed, naming those that are', async () => {
    await expect(runCommand(worker(), { argv: ['bash'], timeoutMs: 1 }, { signal })).rejects.toMatchObject({
      type: 'Misconfigured',
      message: expect.stringContaining('"sh"') as string,
    });
  });

  it('refuses an allowed word by another path', async () => {
    const program = folder.write('sh', '#!/bin/sh\ntouch fooled\n', 0o755);
    await expect(runCommand(worker(), { argv: [program], timeoutMs: 1_000 }, { signal })).rejects.toMatchObject({
      type: 'Misconfigured',
    });
    await expect(runCommand(worker(), { argv: ['./sh'], timeoutMs: 1_000 }, { signal })).rejects.toMatchObject({
      type: 'Misconfigured',
    });
  });

  it('takes a relative path from the folder of the config, whatever the folder of the step', async () => {
    mkdirSync(join(folder.path, 'sub'), { recursive: true });
    folder.write('sub/tool', '#!/bin/sh\necho wrong\n', 0o755);
    folder.write('tool', '#!/bin/sh\npwd\n', 0o755);
    const { stdoutTail } = await runCommand(
      worker({ allow: ['./tool'] }),
      { argv: ['./tool'], cwd: 'sub', timeoutMs: 5_000 },
      { signal },
    );
    expect(stdoutTail).toMatch(/\/sub$/);
  });

  it.each(['..', '../..', '/', 'sub/../../..'])('refuses the folder %s outside the one of the config', async (cwd) => {
    mkdirSync(join(folder.path, 'sub'), { recursive: true });
    await expect(runCommand(worker(), sh('true', { cwd }), { signal })).rejects.toMatchObject({
      type: 'Misconfigured',
      message: expect.stringContaining('outside') as string,
    });
  });

  it('refuses a folder that a symbolic link leads out of the one of the config', async () => {
    symlinkSync(tmpdir(), join(folder.path, 'way-out'));
    await expect(runCommand(worker(), sh('true', { cwd: 'way-out' }), { signal })).rejects.toMatchObject({
      type: 'Misconfigured',
    });
  });

  it('refuses a NUL in an argument, an empty argv, and an env that is no env file', async () => {
    for (const argv of [[], ['sh', 'a\0b']]) {
      await expect(runCommand(worker(), { argv, timeoutMs: 1_000 }, { signal })).rejects.toMatchObject({
        type: 'Misconfigured',
      });
    }
    await expect(runCommand(worker(), sh('true', { env: 'settings' }), { signal })).rejects.toMatchObject({
      type: 'Misconfigured',
    });
  });
});
