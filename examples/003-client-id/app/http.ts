import type { IncomingMessage, ServerResponse } from 'node:http';
import { Failure, refusal } from './failures';
import type { Fields } from './fields';
import type { Reply, Request } from './routes';

const MAX_BODY_BYTES = 100_000;

/** Reads the request, lets `handle` answer it, and tells failures as what they are. */
export async function serve(
  message: IncomingMessage,
  response: ServerResponse,
  handle: (request: Request) => Promise<Reply>,
): Promise<void> {
  const reply = await parse(message).then(handle).catch(failed);
  const text = JSON.stringify(reply.body);
  response.writeHead(reply.status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

async function parse(message: IncomingMessage): Promise<Request> {
  const url = new URL(message.url ?? '/', 'http://localhost');
  const method = message.method ?? 'GET';
  const organizationId = header(message, 'x-organization-id');
  const userId = header(message, 'x-user-id');
  return {
    method,
    path: url.pathname,
    caller: {
      ...(organizationId === undefined ? {} : { organizationId }),
      ...(userId === undefined ? {} : { userId }),
    },
    fields: method === 'GET' ? Object.fromEntries(url.searchParams) : await body(message),
  };
}

function header(message: IncomingMessage, name: string): string | undefined {
  const value = message.headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

async function body(message: IncomingMessage): Promise<Fields> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES)
      throw new Failure({ status: 413, message: `The body is longer than ${MAX_BODY_BYTES} bytes.` });
    chunks.push(chunk);
  }
  try {
    const parsed: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}');
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  } catch {
    // answered below, like every other body that is not an object
  }
  throw new Failure({ status: 400, message: 'The body must be a JSON object.' });
}

function failed(error: unknown): Reply {
  const failure = refusal(error);
  if (failure.status === 500) process.stderr.write(`${failure.stack ?? failure.message}\n`);
  const { status, outcome, code, message } = failure;
  return { status, body: { outcome, error: message, ...(code === undefined ? {} : { code }) } };
}
