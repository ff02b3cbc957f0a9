import { notify, type NotifyInput } from '../../../activities/notify/notify';
import { startWebhookReceiver } from '../../../src/dev/webhook-receiver';
import { SOME_RUN, workerResources } from '../../support/worker-resources';

const input: NotifyInput = {
  ...{ webhook: 'ops', run: SOME_RUN, event: 'gate', subject: 'cutover', text: 'It is open.' },
  at: '2026-01-02T03:04:05.000Z',
};

describe('the webhook receiver of the demo', () => {
  it('keeps what is signed with its secret, once however often it is delivered, and counts the rest as forged', async () => {
    const receiver = await startWebhookReceiver();
    try {
      const signedBy = (secret: string) =>
        workerResources({ webhooks: [{ name: 'ops', url: () => receiver.url, secret: () => secret }] });
      await notify(signedBy(receiver.secret), input);
      await notify(signedBy(receiver.secret), input);
      expect(receiver.told).toMatchObject([{ event: 'gate', subject: 'cutover', text: 'It is open.' }]);
      expect(receiver.forged()).toBe(0);
      await expect(notify(signedBy('another secret'), input)).rejects.toThrow();
      expect((await fetch(receiver.url, { method: 'POST', body: '{}' })).status).toBe(401);
      expect(receiver.forged()).toBe(2);
      expect(receiver.told).toHaveLength(1);
    } finally {
      await receiver.close();
    }
  });

  it('plays the CDN as well, and is gone when it is closed', async () => {
    const receiver = await startWebhookReceiver();
    expect((await fetch(`${receiver.base}/purge`, { method: 'POST' })).status).toBe(204);
    expect(receiver.purges()).toBe(1);
    await receiver.close();
    await expect(fetch(`${receiver.base}/purge`, { method: 'POST' })).rejects.toThrow();
  });
});
