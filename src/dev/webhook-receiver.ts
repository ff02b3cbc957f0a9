import { createServer, type Server } from 'node:http';
import { randomBytes } from 'node:crypto';
import { verifySignature } from '../../activities/notify/signature';
import { onExit } from './on-exit';

/** What a webhook told, in the order in which it came. */
export interface Told {
  readonly event: string;
  readonly subject: string;
  readonly text: string;
}

export interface WebhookReceiver {
  /** Of the server, without a path. */
  readonly base: string;
  readonly url: string;
  readonly secret: string;
  readonly told: readonly Told[];
  /** Requests whose signature was not that of their body. */
  readonly forged: () => number;
  /** How often it was told to forget what it holds of the frontend: it plays the CDN as well. */
  readonly purges: () => number;
  close(): Promise<void>;
}

/** Somebody who listens to the run's webhooks, as a chat or a pager would, and believes only what is signed. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const secret = randomBytes(24).toString('base64url');
  const told: Told[] = [];
  const seen = new Set<string>();
  let forged = 0;
  let purges = 0;
  const server = createServer((request, response) => {
    if (request.method === 'POST' && request.url === '/purge') {
      purges += 1;
      request.resume();
      response.writeHead(204).end();
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const header = (name: string): string => String(request.headers[name] ?? '');
      const signed = verifySignature({
        secret,
        timestamp: header('x-cutover-timestamp'),
        body,
        signature: header('x-cutover-signature'),
      });
      if (!signed) forged += 1;
      else if (!seen.has(header('x-cutover-delivery'))) {
        seen.add(header('x-cutover-delivery'));
        told.push(JSON.parse(body) as Told);
      }
      response.writeHead(signed ? 204 : 401).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const forget = onExit({
    name: 'the webhook receiver',
    close: () => closed(server),
    abandon: () => server.closeAllConnections(),
  });
  const close = async (): Promise<void> => {
    forget();
    await closed(server);
  };
  const base = `http://127.0.0.1:${portOf(server)}`;
  return { base, url: `${base}/cutover`, secret, told, forged: () => forged, purges: () => purges, close };
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address === 'object' && address !== null) return address.port;
  throw new Error('The webhook receiver has no port.');
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
