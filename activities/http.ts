import { CutoverError, describeError } from '../src/core/failure';
import type { HttpTarget } from './resources';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  /** The body is longer than what was read: what it does not contain cannot be said. */
  readonly truncated: boolean;
  /** Where a redirect, which is never followed, wanted to go. */
  readonly location?: string;
}

export interface HttpRequest {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface HttpCall extends HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: string;
}

/** The application could be asked and did not answer as an application should: refused, reset, or too late. */
export class NoAnswer extends Error {}

const MAX_BODY = 64 * 1024;

/** GET without redirects, with a cap on bytes and time. */
export async function httpGet(target: HttpTarget, request: HttpRequest): Promise<HttpAnswer> {
  return httpRequest(target, { ...request, method: 'GET' });
}

/**
 * One request. A redirect is an answer; the time covers the body too; bytes past 64 KiB are not read. Credentials come
 * from the worker's config and go to that target only.
 *
 * @throws NoAnswer; Misconfigured when the path leaves the target, or the plan's headers hold credentials.
 */
export async function httpRequest(target: HttpTarget, request: HttpCall): Promise<HttpAnswer> {
  const url = addressOf(target, request.path);
  const headers = headersOf(target, request.headers ?? {});
  const timeout = AbortSignal.timeout(request.timeoutMs);
  try {
    const response = await fetch(url, {
      method: request.method,
      headers,
      redirect: 'manual',
      signal: AbortSignal.any([timeout, request.signal]),
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    const location = response.headers.get('location');
    return { status: response.status, ...(await capped(response)), ...(location === null ? {} : { location }) };
  } catch (error) {
    if (request.signal.aborted) throw request.signal.reason;
    const cause =
      error instanceof Error && error.cause !== undefined ? describeError(error.cause) : describeError(error);
    throw new NoAnswer(timeout.aborted ? `no answer within ${request.timeoutMs} ms` : cause, { cause: error });
  }
}

/** `//elsewhere/x` is a path to whoever reads it and another host to a URL parser: credentials must not go there. */
function addressOf(target: HttpTarget, path: string): URL {
  const { origin } = new URL(target.base);
  const url = URL.canParse(path, target.base) ? new URL(path, target.base) : undefined;
  if (url?.origin === origin && url.username === '' && url.password === '') return url;
  throw new CutoverError(
    'Misconfigured',
    `The path ${JSON.stringify(path)} leads away from target "${target.name}"; write one that begins with a single /.`,
  );
}

function headersOf(target: HttpTarget, given: Readonly<Record<string, string>>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    if (CREDENTIALS.has(name.toLowerCase())) {
      throw new CutoverError(
        'Misconfigured',
        `The header ${name} does not belong into a plan; name the credentials as \`auth\` of target "${target.name}" in cutover.config.yaml.`,
      );
    }
    headers.set(name, value);
  }
  if (target.authorization) headers.set('authorization', target.authorization());
  return headers;
}

async function capped(response: Response): Promise<{ body: string; truncated: boolean }> {
  if (!response.body) return { body: '', truncated: false };
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    // Leaving the loop ends the connection.
    if (text.length > MAX_BODY) return { body: text.slice(0, MAX_BODY), truncated: true };
  }
  return { body: text + decoder.decode(), truncated: false };
}

const CREDENTIALS = new Set(['authorization', 'proxy-authorization', 'cookie']);
