import { Agent, request } from 'node:http';
import type { Row } from './append-log';

/** What came back. `refused`: certainly not done; `unknown`: nobody can say. */
export type Answer =
  /** `tenant`: for whom the application says it answered; null from the build that knows none. */
  | { readonly outcome: 'ok'; readonly body: Row; readonly tenant: string | null }
  | { readonly outcome: 'refused' | 'unknown'; readonly status: number; readonly error: string };

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Row;
}

export interface Caller {
  call(call: Call): Promise<Answer>;
  close(): void;
}

/** Calls the application at `baseUrl`; never throws, and waits at most `timeoutMs` for a whole reply. */
export function createCaller(input: {
  readonly baseUrl: string;
  readonly concurrency: number;
  readonly timeoutMs: number;
}): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: input.concurrency });
  return {
    call: (call) => exchange(call, agent, input).then(judge, failed),
    close: () => agent.destroy(),
  };
}

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly tenant?: string | undefined;
}

function exchange(
  call: Call,
  agent: Agent,
  to: { readonly baseUrl: string; readonly timeoutMs: number },
): Promise<Reply> {
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  const headers = { ...call.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const signal = AbortSignal.timeout(to.timeoutMs);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(call.path, to.baseUrl),
      { method: call.method, headers, agent, signal },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('error', reject);
        incoming.once('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            text: Buffer.concat(chunks).toString('utf8'),
            tenant: incoming.headers['x-tenant-id']?.toString(),
          }),
        );
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** Only the application's own word counts as a refusal: a 5xx from anything in between says nothing about the write. */
export function judge({ status, text, tenant }: Reply): Answer {
  const body = parse(text);
  const error = typeof body?.error === 'string' ? body.error : text.slice(0, 200);
  if (body === undefined) return { outcome: 'unknown', status, error };
  if (status >= 200 && status < 300) return { outcome: 'ok', body, tenant: tenant ?? null };
  return { outcome: body.outcome === 'refused' ? 'refused' : 'unknown', status, error };
}

/** A connection that could not be opened carried no request. Everything else may have arrived. */
function failed(error: unknown): Answer {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return { outcome: code === 'ECONNREFUSED' ? 'refused' : 'unknown', status: 0, error: message };
}

function parse(text: string): Row | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Row) : undefined;
  } catch {
    return undefined;
  }
}
