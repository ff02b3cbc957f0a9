import { httpGet, httpRequest, NoAnswer } from '../../../activities/http';
import { judgeAnswer } from '../../../activities/judge-answer';
import type { HttpTarget } from '../../../activities/resources';
import { httpStep } from '../../../activities/steps/http';
import { sharedContext, workerResources } from '../../support/worker-resources';
import { smallServer } from '../../support/small-server';

const { signal } = new AbortController();
const target = (base: string, authorization?: string): HttpTarget => ({
  kind: 'http',
  name: 'api',
  base,
  ...(authorization === undefined ? {} : { authorization: () => authorization }),
});

describe('a request', () => {
  it('sends method, body and headers, and the credentials of its target', async () => {
    await using server = await smallServer((_asked, response) => response.writeHead(201).end('made'));
    const answer = await httpRequest(target(server.base, 'Bearer abc'), {
      method: 'POST',
      path: '/purge?all=1',
      body: '{"x":1}',
      headers: { 'X-Tenant-Id': 'b' },
      timeoutMs: 5_000,
      signal,
    });
    expect(answer).toEqual({ status: 201, body: 'made', truncated: false });
    expect(server.asked[0]).toMatchObject({
      method: 'POST',
      path: '/purge?all=1',
      body: '{"x":1}',
      headers: { authorization: 'Bearer abc', 'x-tenant-id': 'b' },
    });
  });

  it('follows no redirect: it is an answer, and nobody else is asked', async () => {
    await using elsewhere = await smallServer((_asked, response) => response.end('stolen'));
    await using server = await smallServer((_asked, response) =>
      response.writeHead(302, { location: `${elsewhere.base}/x` }).end(),
    );
    const answer = await httpGet(target(server.base, 'Bearer abc'), { path: '/', timeoutMs: 5_000, signal });
    expect(answer).toMatchObject({ status: 302, location: `${elsewhere.base}/x` });
    expect(elsewhere.asked).toEqual([]);
  });

  it.each(['//127.0.0.1:1/x', 'http://127.0.0.1:1/', '\\\\evil/x', 'http://u:p@127.0.0.1/'])(
    'refuses the path %s, which would take the credentials elsewhere',
    async (path) => {
      const asked = httpGet(target('http://127.0.0.1:9', 'Bearer abc'), { path, timeoutMs: 1_000, signal });
      await expect(asked).rejects.toMatchObject({ type: 'Misconfigured' });
    },
  );

  it.each(['Authorization', 'cookie'])('refuses the header %s of a plan', async (name) => {
    const asked = httpGet(target('http://127.0.0.1:9'), {
      path: '/',
      headers: { [name]: 'x' },
      timeoutMs: 1_000,
      signal,
    });
    await expect(asked).rejects.toMatchObject({ type: 'Misconfigured' });
  });

  it('gets no answer from a server that hangs, before its headers or after them', async () => {
    await using silent = await smallServer(() => undefined);
    await using halting = await smallServer((_asked, response) => response.writeHead(200).write('half'));
    for (const { base } of [silent, halting]) {
      const asked = httpGet(target(base), { path: '/', timeoutMs: 300, signal });
      await expect(asked).rejects.toBeInstanceOf(NoAnswer);
      await expect(asked).rejects.toThrow('no answer within 300 ms');
    }
  });

  it('ends when its attempt is cancelled, in the middle of a body', async () => {
    const cancelled = new AbortController();
    await using server = await smallServer((_asked, response) => {
      response.writeHead(200).write('half');
      setTimeout(() => cancelled.abort(new Error('cancelled by a test')), 50);
    });
    const asked = httpGet(target(server.base), { path: '/', timeoutMs: 10_000, signal: cancelled.signal });
    await expect(asked).rejects.toThrow('cancelled by a test');
  });

  it('reads no more than 64 KiB of a body that never ends', async () => {
    await using server = await smallServer((_asked, response) => {
      const more = (): void => void (response.writable && response.write('x'.repeat(16_384), () => setImmediate(more)));
      more();
    });
    const answer = await httpGet(target(server.base), { path: '/', timeoutMs: 10_000, signal });
    expect(answer).toMatchObject({ truncated: true });
    expect(answer.body).toHaveLength(65_536);
  });
});

describe('an answer', () => {
  const page = { status: 200, body: '{"error":"no such tenant"}', truncated: false };

  it('of 200 with an error in it fails where a text is expected', () => {
    const checks = judgeAnswer('tenants', page, { status: 200, contains: '"tenants"' });
    expect(checks.map((c) => c.verdict)).toEqual(['pass', 'fail']);
    expect(checks[1]?.observed).toContain('no such tenant');
  });

  it('fails where it has what it must lack', () => {
    expect(judgeAnswer('t', page, { status: 200, lacks: 'no such tenant' }).map((c) => c.verdict)).toEqual([
      'pass',
      'fail',
    ]);
    expect(judgeAnswer('t', page, { status: 200, lacks: 'other' }).map((c) => c.verdict)).toEqual(['pass', 'pass']);
  });

  it('that was not read whole decides nothing about what it does not show', () => {
    const long = { ...page, truncated: true };
    expect(judgeAnswer('t', long, { status: 200, lacks: 'other' }).map((c) => c.verdict)).toEqual([
      'pass',
      'inconclusive',
    ]);
    expect(judgeAnswer('t', long, { status: 200, contains: 'other' }).map((c) => c.verdict)).toEqual([
      'pass',
      'inconclusive',
    ]);
  });
});

describe('an http step', () => {
  const request = { target: 'api', method: 'POST', path: '/purge', timeoutMs: 2_000 } as const;

  it('passes on what it expects, fails on another answer, and undoes by its own request', async () => {
    await using server = await smallServer(({ path }, response) =>
      response.writeHead(path === '/purge' ? 200 : 500).end('purged \u001b[31m1'),
    );
    const step = httpStep(workerResources({ targets: [target(server.base)] }));
    const undo = { ...request, path: '/unpurge' };
    const context = (contains: string) =>
      sharedContext({ kind: 'http', args: { request, expect: { status: 200, contains }, undo } });
    expect((await step.do(context('purged'))).verdict).toBe('pass');
    const failed = await step.do(context('done'));
    expect(failed.verdict).toBe('fail');
    expect(JSON.stringify(failed)).not.toContain('u001b');
    await expect(step.undo(context('purged'))).rejects.toMatchObject({ type: 'CommandFailed' });
  });

  it('without an undo says that what it did stays', async () => {
    const step = httpStep(workerResources({}));
    const said = await step.undo(sharedContext({ kind: 'http', args: { request, expect: { status: 200 } } }));
    expect(said.summary).toMatch(/^stays/);
  });

  it('is tried again when nobody answers', async () => {
    const step = httpStep(workerResources({ targets: [target('http://127.0.0.1:1')] }));
    const asked = step.do(sharedContext({ kind: 'http', args: { request, expect: { status: 200 } } }));
    await expect(asked).rejects.toMatchObject({ type: 'Unavailable' });
  });
});
