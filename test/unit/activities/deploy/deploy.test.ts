import { mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildNow } from '../../../../activities/deploy/build-now';
import { setBuild } from '../../../../activities/deploy/builds';
import { stopService } from '../../../../activities/deploy/service';
import { deployStep } from '../../../../activities/steps/deploy';
import type { Json } from '../../../../src/core/json';
import type { DeployArgs } from '../../../../src/core/outside-args';
import { smallServer } from '../../../support/small-server';
import { sharedContext, workerResources } from '../../../support/worker-resources';
import { temporaryFolder } from '../../runtime/temp-file';

const folder = temporaryFolder();
let count = 0;

/** A service that tells the build which it was restarted with, unless that build is broken. */
async function world() {
  const home = join(folder.path, `service-${(count += 1)}`);
  for (const build of ['build-1', 'build-10', 'build-2', 'broken'])
    mkdirSync(join(home, 'builds', build), { recursive: true });
  symlinkSync('builds/build-1', join(home, 'current'));
  const running = join(home, 'running');
  writeFileSync(running, 'build-1');
  writeFileSync(join(home, 'restart'), '#!/bin/sh\nbasename "$(readlink current)" > running\necho restarted >> log\n', {
    mode: 0o755,
  });
  const server = await smallServer((_asked, response) => {
    const build = readFileSync(running, 'utf8').trim();
    response.writeHead(build === 'broken' ? 503 : 200).end(JSON.stringify({ ok: build !== 'broken', build }));
  });
  const resources = workerResources({
    commands: { allow: ['./restart'], cwd: home },
    targets: [
      { kind: 'http', name: 'api', base: server.base },
      {
        kind: 'service',
        name: 'backend',
        current: join(home, 'current'),
        builds: join(home, 'builds'),
        restart: ['./restart'],
        health: { target: 'api', path: '/health' },
      },
    ],
  });
  const captures = new Map<string, Json>();
  return {
    server,
    resources,
    home,
    captures,
    link: () => readlinkSync(join(home, 'current')),
    restarts: () =>
      (readFileSync(join(home, 'log'), { encoding: 'utf8', flag: 'a+' }).match(/restarted/g) ?? []).length,
    step: deployStep(resources),
    context: (build: string, timeoutMs = 5_000, more: Partial<DeployArgs> = {}) =>
      sharedContext({ kind: 'deploy', args: { service: 'backend', build, timeoutMs, ...more }, captures }),
  };
}

describe('a deploy step', () => {
  it('turns the link, restarts, waits for the build, and does nothing the second time', async () => {
    const { server, step, context, link, restarts } = await world();
    await using _closing = server;
    expect((await step.do(context('build-2'))).figures).toMatchObject({ build: 'build-2', previous: 'build-1' });
    await step.do(context('build-2'));
    expect(link()).toBe('builds/build-2');
    expect(restarts()).toBe(1);
    await step.undo(context('build-2'));
    await step.undo(context('build-2'));
    expect(link()).toBe('builds/build-1');
    expect(restarts()).toBe(2);
  });

  it('fails with the last answer when the build never gets healthy, and its undo brings the captured one back', async () => {
    const { server, step, context, link } = await world();
    await using _closing = server;
    await expect(step.do(context('broken', 900))).rejects.toMatchObject({
      type: 'CommandFailed',
      message: expect.stringMatching(/did not become healthy as broken within 900 ms.*status 503/) as string,
    });
    expect(link()).toBe('builds/broken');
    await step.undo(context('broken'));
    expect(link()).toBe('builds/build-1');
  });

  it('restarts the build that runs already when its configuration went live before it', async () => {
    const { server, step, context, link, restarts } = await world();
    await using _closing = server;
    const config = [{ step: 'configure/config-env', name: 'staged' }];
    expect(await step.do(context('build-1', 5_000, { config }))).toMatchObject({ figures: { build: 'build-1' } });
    expect({ link: link(), restarts: restarts() }).toEqual({ link: 'builds/build-1', restarts: 1 });
  });

  it('names the build that a rollback brings back, however often it was tried', async () => {
    const { server, step, context } = await world();
    await using _closing = server;
    await expect(step.do(context('broken', 500))).rejects.toThrow(/brings build-1 back/);
    await expect(step.do(context('broken', 500))).rejects.toThrow(/brings build-1 back/);
  });

  it('restarts after a crash between the link and the restart', async () => {
    const { server, step, context, home, restarts } = await world();
    await using _closing = server;
    await setBuild(
      {
        kind: 'service',
        name: 'backend',
        current: join(home, 'current'),
        builds: join(home, 'builds'),
        restart: [],
        health: { target: 'api', path: '/' },
      },
      'build-2',
    );
    await step.do(context('build-2'));
    expect(restarts()).toBe(1);
  });

  it('takes no build for another whose name begins the same', async () => {
    const { server, step, context, home } = await world();
    await using _closing = server;
    writeFileSync(join(home, 'restart'), '#!/bin/sh\necho build-10 > running\n', { mode: 0o755 });
    await step.do(context('build-10'));
    await expect(step.do(context('build-1', 700))).rejects.toMatchObject({ type: 'CommandFailed' });
  });

  it.each(['none', '..', '../elsewhere', ''])('refuses the build %j, naming those that are there', async (build) => {
    const { server, step, context, link } = await world();
    await using _closing = server;
    await expect(step.do(context(build))).rejects.toMatchObject({
      type: 'Misconfigured',
      message: expect.stringContaining('build-2') as string,
    });
    expect(link()).toBe('builds/build-1');
  });

  it('tells approvers what runs now, and whether what will run is there', async () => {
    const { server, resources } = await world();
    await using _closing = server;
    const now = (build: string): Promise<string> =>
      buildNow(resources, { service: 'backend', build, timeoutMs: 1_000 });
    expect(await now('build-2')).toBe('backend: build-1 -> build-2');
    expect(await now('build-3')).toBe('backend: build-1 -> build-3, which is not among its builds yet');
  });

  it('says what is missing for a stop', async () => {
    const { server, resources } = await world();
    await using _closing = server;
    const stopped = stopService(resources, 'backend', { signal: new AbortController().signal, timeoutMs: 1_000 });
    await expect(stopped).rejects.toMatchObject({
      type: 'Misconfigured',
      message: expect.stringContaining('stop') as string,
    });
  });
});
