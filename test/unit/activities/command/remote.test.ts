import { join } from 'node:path';
import { quoted, sshArguments } from '../../../../activities/command/remote';
import { runCommand } from '../../../../activities/command/run-command';
import { workerResources } from '../../../support/worker-resources';
import { temporaryFolder } from '../../runtime/temp-file';

const folder = temporaryFolder();
const { signal } = new AbortController();
const commands = { allow: ['printf', 'sh'], cwd: folder.path, hosts: { app: 'deploy@app-1' }, env: [] };

describe('a command on another host', () => {
  const path = process.env.PATH ?? '';
  beforeAll(() => {
    // Stands for ssh and the sshd behind it, which hands the last word to the login's shell.
    folder.write(
      'ssh',
      '#!/bin/sh\necho "$@" | head -c 70 >> asked\nfor last; do :; done\nexec sh -c "$last"\n',
      0o755,
    );
    process.env.PATH = `${folder.path}:${path}`;
  });
  afterAll(() => {
    process.env.PATH = path;
  });

  it('hands its arguments through the remote shell literally', async () => {
    const words = ['a b', "it's", '$(id)', ';', '*', '"', '`id`', '\\', 'two\nlines'];
    const spec = { argv: ['printf', '%s|', ...words], via: 'app', timeoutMs: 10_000 };
    const { stdout } = await runCommand(workerResources({ commands }), spec, { signal });
    expect(stdout).toBe(words.map((word) => `${word}|`).join(''));
  });

  it('says how its program ended there', async () => {
    const spec = { argv: ['sh', '-c', 'echo no >&2; exit 4'], via: 'app', timeoutMs: 10_000 };
    await expect(runCommand(workerResources({ commands }), spec, { signal })).rejects.toMatchObject({
      type: 'CommandFailed',
      message: 'sh on app ended with exit code 4; it said: no',
    });
  });

  it('is refused when the program is not allowed, the host unknown, the folder outside, or an env file is named', async () => {
    const base = { argv: ['printf', 'x'], via: 'app', timeoutMs: 1_000 };
    for (const [spec, said] of [
      [{ ...base, argv: [join('/bin', 'printf')] }, 'not allowed'],
      [{ ...base, via: 'other' }, 'no host "other"; it has app'],
      [{ ...base, cwd: '../x' }, 'leaves'],
      [{ ...base, cwd: '/etc' }, 'leaves'],
      [{ ...base, env: 'settings' }, 'does not travel'],
    ] as const) {
      await expect(runCommand(workerResources({ commands }), spec, { signal })).rejects.toMatchObject({
        type: 'Misconfigured',
        message: expect.stringContaining(said) as string,
      });
    }
  });
});

it('ssh never asks anybody and takes the host for no option', () => {
  const args = sshArguments(commands, { argv: ['printf'], cwd: 'back end', timeoutMs: 1_500 }, 'app');
  expect(args.slice(0, -1)).toEqual(['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=10', '-T', '--', 'deploy@app-1']);
  expect(args.at(-1)).toMatch(/^cd -- 'back end' && .*timeout -k 5 2 'printf'/);
  expect(quoted("a'b")).toBe(`'a'\\''b'`);
});
