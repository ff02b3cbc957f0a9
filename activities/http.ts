import { describeError } from '../src/core/failure';
import type { HttpTarget } from './resources';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

export interface HttpRequest {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The application could be asked and did not answer as an application should: refused, reset, or too late. */
export class NoAnswer extends Error {}

const MAX_BODY = 64 * 1024;

/** GET without redirects, with a cap on bytes and time. Credentials come from the worker's config and go to that target only. */
export async function httpGet(target: HttpTarget, request: HttpRequest): Promise<HttpAnswer> {
  const timeout = AbortSignal.timeout(request.timeoutMs);
  try {
    const response = await fetch(new URL(request.path, target.base), {
      headers: { ...request.headers, ...(target.authorization ? { authorization: target.authorization() } : {}) },
      redirect: 'manual',
      signal: AbortSignal.any([timeout, request.signal]),
    });
    return { status: response.status, body: await capped(response) };
  } catch (error) {
    if (request.signal.aborted) throw request.signal.reason;
    const cause =
      error instanceof Error && error.cause !== undefined ? describeError(error.cause) : describeError(error);
    throw new NoAnswer(timeout.aborted ? `no answer within ${request.timeoutMs} ms` : cause, { cause: error });
  }
}

async function capped(response: Response): Promise<string> {
  if (!response.body) return '';
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length >= MAX_BODY) {
      await response.body.cancel().catch(() => undefined);
      return text.slice(0, MAX_BODY);
    }
  }
  return text;
}
