import { clip } from '../../src/core/evidence';
import { CutoverError } from '../../src/core/failure';
import { digestOf, type Json } from '../../src/core/json';
import type { RunRef } from '../../src/core/verb';
import type { Resources, Webhook } from '../resources';
import { signatureOf } from './signature';

export type NotifyEvent = 'gate' | 'reminder' | 'parked' | 'frozen' | 'opened' | 'done' | 'tick';

export interface NotifyInput {
  /** A webhook's name in the worker's config. */
  readonly webhook: string;
  readonly run: RunRef;
  readonly event: NotifyEvent;
  /** What it is about: a gate, a phase, a step. */
  readonly subject: string;
  readonly text: string;
  /** When it happened; ISO. The same for every try to send it. */
  readonly at: string;
  /** Small, and nothing secret. */
  readonly details?: Json;
}

/**
 * POSTs what happened as JSON, signed where the webhook has a secret (see signature.ts). Writes neither target nor
 * ledger. The delivery id is the same for every try, so that a receiver tells a repetition from a new event.
 *
 * @throws CutoverError Unavailable unless the receiver answers 2xx within 5 seconds; redirects are not followed. The
 * address is never part of the message: it may be a secret itself.
 */
export async function notify(resources: Resources, input: NotifyInput): Promise<void> {
  const webhook = resources.webhook(input.webhook);
  const delivery = deliveryId(input);
  const body = bodyOf(resources, input, delivery);
  const timestamp = String(Math.floor(Date.now() / 1000));
  const secret = webhook.secret?.();
  const headers = {
    'content-type': 'application/json',
    'x-cutover-event': input.event,
    'x-cutover-delivery': delivery,
    'x-cutover-timestamp': timestamp,
    ...(secret === undefined ? {} : { 'x-cutover-signature': signatureOf({ secret, timestamp, body }) }),
  };
  const status = await post(webhook, headers, body);
  if (status < 200 || status > 299) {
    throw new CutoverError(
      'Unavailable',
      `Webhook "${webhook.name}" answered ${status}${status >= 300 && status < 400 ? ', a redirect, which is not followed' : ''}; correct its address in cutover.config.yaml, or mend the receiver.`,
    );
  }
}

/** 32 hex digits that follow from the run and the event alone. */
export function deliveryId({ run, event, subject, at }: NotifyInput): string {
  return digestOf({ run: run.id, event, subject, at }).slice('sha256:'.length, 'sha256:'.length + 32);
}

function bodyOf(resources: Resources, input: NotifyInput, delivery: string): string {
  const { run, event, subject, text, at, details } = input;
  const shown = details === undefined ? undefined : JSON.stringify(details);
  return resources.redact(
    JSON.stringify({
      version: 1,
      delivery,
      event,
      run: { id: run.id, plan: run.plan, planDigest: run.planDigest, home: run.home },
      subject,
      text: clip(text, MAX_TEXT),
      at,
      // Cut in the middle it would be no JSON any more.
      ...(shown === undefined || shown.length > MAX_DETAILS ? {} : { details }),
    }),
  );
}

async function post(webhook: Webhook, headers: Readonly<Record<string, string>>, body: string): Promise<number> {
  const url = addressOf(webhook);
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: timeout });
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    const why = timeout.aborted
      ? `did not answer within ${TIMEOUT_MS / 1000} s`
      : `cannot be reached (${codeOf(error)})`;
    throw new CutoverError('Unavailable', `Webhook "${webhook.name}" ${why}; bring the receiver back.`);
  }
}

function addressOf(webhook: Webhook): URL {
  const text = webhook.url().trim();
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && ['http:', 'https:'].includes(url.protocol)) return url;
  throw new CutoverError(
    'Misconfigured',
    `The address of webhook "${webhook.name}" does not begin with http:// or https://; correct the secret that its \`url\` names.`,
  );
}

/** The system's word only: the text of the error has the address in it. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : 'no connection';
}

const TIMEOUT_MS = 5_000;
const MAX_TEXT = 4_000;
const MAX_DETAILS = 16_384;
