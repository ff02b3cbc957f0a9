import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandStep } from '../../../../activities/steps/command';
import type { CommandSpec, CommandStepArgs } from '../../../../src/core/outside-args';
import { sharedContext, SOME_RUN, workerResources } from '../../../support/worker-resources';
import { temporaryFolder } from '../../runtime/temp-file';

const folder = temporaryFolder();
const step = commandStep(workerResources({ commands: { allow: ['sh'], cwd: folder.path } }));
const sh = (script: string): CommandSpec => ({ argv: ['sh', '-c', script], timeoutMs: 10_000 });
const context = (args: CommandStepArgs) => sharedContext({ kind: 'command', args });
const lines = (name: string): number =>
  readFileSync(join(folder.path, name), { encoding: 'utf8', flag: 'a+' }).split('\n').length - 1;

describe('a command step', () => {
  it('runs nothing when its question says that it is done, and asks again after it ran', async () => {
    const args = { run: sh('echo x >> ran-1; touch made'), verify: sh('echo x >> asked-1; test -e made') };
    await step.do(context(args));
    await step.do(context(args));
    expect([lines('ran-1'), lines('asked-1')]).toEqual([1, 3]);
  });

  it('fails when it ran and what it was for did not come true', async () => {
    await expect(step.do(context({ run: sh('true'), verify: sh('echo no such thing; exit 2') }))).rejects.toMatchObject(
      {
        type: 'CommandFailed',
        message: expect.stringMatching(/did not come true.*exit code 2.*no such thing/) as string,
      },
    );
  });

  it('fails when its output lacks what it must contain, whatever its exit code', async () => {
    await expect(step.do(context({ run: sh('echo 0 migrated'), contains: '12 migrated' }))).rejects.toMatchObject({
      type: 'CommandFailed',
      message: expect.stringContaining('did not say "12 migrated"') as string,
    });
    expect((await step.do(context({ run: sh('echo 12 migrated'), contains: '12 migrated' }))).verdict).toBe('pass');
  });

  it('does not take a question that cannot be asked for an answer', async () => {
    const args = { run: sh('echo x >> ran-2'), verify: { argv: ['nobody'], timeoutMs: 1_000 } };
    await expect(step.do(context(args))).rejects.toMatchObject({ type: 'Misconfigured' });
    expect(lines('ran-2')).toBe(0);
  });

  it('ends what an earlier attempt left running, sessions of their own included, and nobody else', async () => {
    const started = (mark: string): ChildProcess =>
      spawn('sh', ['-c', 'sleep 300'], {
        detached: true,
        stdio: 'ignore',
        env: { PATH: process.env.PATH, CUTOVER_COMMAND: mark },
      });
    const left = started(`${SOME_RUN.id}/configure/command`);
    const other = started(`${SOME_RUN.id}/configure/command-2`);
    const ended = once(left, 'exit');
    try {
      await step.do(context({ run: sh('true') }));
      expect(await ended).toEqual([null, 'SIGTERM']);
      expect(other.exitCode ?? other.signalCode).toBe(null);
    } finally {
      process.kill(-(other.pid ?? 0), 'SIGKILL');
    }
  });

  it('undoes by its own command, or says that what it did stays', async () => {
    await step.undo(context({ run: sh('true'), undo: sh('echo x >> undone') }));
    expect(lines('undone')).toBe(1);
    expect((await step.undo(context({ run: sh('true') }))).summary).toMatch(/^stays/);
  });
});
