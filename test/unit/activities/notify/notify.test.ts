import { notify, type NotifyInput } from '../../../../activities/notify/notify';
import { signatureOf, verifySignature } from '../../../../activities/notify/signature';
import { redact, rememberSecret } from '../../../../src/runtime/redact';
import { smallServer, type Asked } from '../../../support/small-server';
import { SOME_RUN, workerResources } from '../../../support/worker-resources';

const SECRET = 'Canary-hook-secret';
const input: NotifyInput = {
  webhook: 'ops',
  run: SOME_RUN,
  event: 'gate',
  subject: 'cutover',
  text: 'The gate before cutover is open.',
  at: '2026-01-02T03:04:05.000Z',
  details: { needs: 2 },
};

function resources(url: string, signed = true) {
  return workerResources({ webhooks: [{ name: 'ops', url: () => url, ...(signed ? { secret: () => SECRET } : {}) }] });
}

function check({ headers, body }: Asked) {
  return {
    secret: SECRET,
    body,
    timestamp: String(headers['x-cutover-timestamp']),
    signature: String(headers['x-cutover-signature']),
  };
}

describe('a notification', () => {
  it('arrives signed; changed, old, or of another secret it does not verify', async () => {
    await using server = await smallServer((_asked, response) => response.writeHead(204).end());
    await notify(resources(server.base), input);
    const [asked] = server.asked;
    if (!asked) throw new Error('Nothing arrived.');
    const signed = check(asked);
    expect(verifySignature(signed)).toBe(true);
    expect(verifySignature({ ...signed, body: signed.body.replace('cutover', 'observe') })).toBe(false);
    expect(verifySignature({ ...signed, secret: 'other' })).toBe(false);
    expect(verifySignature({ ...signed, timestamp: String(Number(signed.timestamp) - 1) })).toBe(false);
    expect(verifySignature({ ...signed, now: Date.now() + 6 * 60_000 })).toBe(false);
    expect(verifySignature({ ...signed, signature: '' })).toBe(false);
    expect(
      verifySignature({ ...signed, timestamp: 'NaN', signature: signatureOf({ ...signed, timestamp: 'NaN' }) }),
    ).toBe(false);
    expect(JSON.parse(asked.body)).toMatchObject({
      event: 'gate',
      subject: 'cutover',
      details: { needs: 2 },
      run: { id: SOME_RUN.id },
    });
    expect(asked.body).not.toContain(SECRET);
  });

  it('bears the same delivery id at every try, and another for another event', async () => {
    await using server = await smallServer((_asked, response) => response.end());
    for (const one of [input, input, { ...input, event: 'reminder' as const }])
      await notify(resources(server.base), one);
    const [first, second, third] = server.asked.map(({ headers }) => headers['x-cutover-delivery']);
    expect(first).toBe(second);
    expect(third).not.toBe(first);
  });

  it('is unsigned where the webhook has no secret', async () => {
    await using server = await smallServer((_asked, response) => response.end());
    await notify(resources(server.base, false), input);
    expect(server.asked[0]?.headers).not.toHaveProperty('x-cutover-signature');
  });

  it('does not hold what the worker knows to be secret', async () => {
    await using server = await smallServer((_asked, response) => response.end());
    rememberSecret('Canary-in-text');
    await notify(resources(server.base), { ...input, text: 'it said Canary-in-text' });
    expect(server.asked[0]?.body).toBe(redact(server.asked[0]?.body ?? ''));
    expect(server.asked[0]?.body).not.toContain('Canary-in-text');
  });

  it.each([302, 404, 500])('is tried again after status %i; a redirect is not followed', async (status) => {
    await using elsewhere = await smallServer((_asked, response) => response.end());
    await using server = await smallServer((_asked, response) =>
      response.writeHead(status, { location: elsewhere.base }).end(),
    );
    const sent = notify(resources(`${server.base}/hooks/Canary-path`), input);
    await expect(sent).rejects.toMatchObject({
      type: 'Unavailable',
      message: expect.stringContaining(String(status)) as string,
    });
    await expect(sent).rejects.not.toThrow(/Canary|127\.0\.0\.1/);
    expect(elsewhere.asked).toEqual([]);
  });

  it('is tried again when nobody is there or nobody answers within 5 seconds, and names no address', async () => {
    await using silent = await smallServer(() => undefined);
    for (const url of ['http://127.0.0.1:1/Canary', `${silent.base}/Canary`]) {
      const sent = notify(resources(url), input);
      await expect(sent).rejects.toMatchObject({ type: 'Unavailable' });
      await expect(sent).rejects.not.toThrow(/Canary|127\.0\.0\.1/);
    }
  }, 15_000);
});
